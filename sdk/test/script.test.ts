import { afterEach, beforeEach, expect, test, vi } from "vitest";

// The file looks at the document when it is first run, so each test runs it anew.
beforeEach(() => void vi.resetModules());
afterEach(() => void vi.unstubAllGlobals());

const load = (): Promise<typeof import("../src/script.js")> => import("../src/script.js");

/** A script tag: the document says which script is running. */
test("a classic script knows its own address and its worklets", async () => {
  vi.stubGlobal("document", { currentScript: { src: "https://voice.example/sdk/agent-sdk.browser.js" } });
  const { scriptUrl, siblingWorklets } = await load();

  expect(scriptUrl).toBe("https://voice.example/sdk/agent-sdk.browser.js");
  expect(siblingWorklets()).toEqual({
    capture: "https://voice.example/sdk/worklets/capture.js",
    playback: "https://voice.example/sdk/worklets/playback.js",
  });
});

/** A module: the language says where it came from. */
test("a module knows its own address and its worklets", async () => {
  vi.stubGlobal("document", { currentScript: null });
  const { scriptUrl, siblingWorklets } = await load();

  expect(scriptUrl).toMatch(/\/src\/script\.ts$/);
  expect(siblingWorklets()?.capture).toMatch(/\/src\/worklets\/capture\.js$/);
});

/** Frameworks import the SDK on the server, where there is no document; nothing may fail there. */
test("a server without a document can import the SDK", async () => {
  vi.stubGlobal("document", undefined);
  const { AtomsAgent } = await import("../src/index.js");

  expect(new AtomsAgent({ apiKey: "sk_1", agentId: "a1" }).isConnected).toBe(false);
});
