import { expect, test } from "vitest";
import { loadWorklet, workletUrls, type WorkletPlaces } from "../../src/worklets/load.js";
import { FakeContext } from "../fake-browser.js";

const SIBLING = "https://cdn.example/dist/worklets/capture.js";
const SERVED = "https://voice.example/sdk/worklets/capture.js";

const PLACES: WorkletPlaces = {
  named: undefined,
  siblings: { capture: SIBLING, playback: "https://cdn.example/dist/worklets/playback.js" },
  serverUrl: "wss://voice.example",
  pageUrl: "https://shop.example/talk/",
};

/** The file beside the script comes first; the server's copy helps where a bundler left it behind. */
test("the file beside the script is tried before the server's", () => {
  expect(workletUrls("capture", PLACES)).toEqual([SIBLING, SERVED]);
});

/** The same file is not asked for twice. */
test("a script from the server has one place", () => {
  const siblings = { capture: SERVED, playback: "" };

  expect(workletUrls("capture", { ...PLACES, siblings })).toEqual([SERVED]);
});

/** The page's own folder is the only place: a strict page wants no other request. */
test.each(["https://shop.example/assets/voice", "https://shop.example/assets/voice/", "../assets/voice"])(
  "the folder %s is the only place",
  (named) => {
    expect(workletUrls("capture", { ...PLACES, named })).toEqual([
      "https://shop.example/assets/voice/capture.js",
    ]);
  },
);

/** The first address that works is enough. */
test("loading stops at the first file that is there", async () => {
  const context = new FakeContext();
  await loadWorklet(context as unknown as AudioContext, "capture", PLACES);

  expect(context.modules).toEqual([SIBLING]);
});

/** A missing file is no reason to give up while there is another place. */
test("the server's file is used when the sibling is missing", async () => {
  const context = new FakeContext();
  context.missing = [SIBLING];
  await loadWorklet(context as unknown as AudioContext, "capture", PLACES);

  expect(context.modules).toEqual([SIBLING, SERVED]);
});

/** The error says where it looked and what to do. */
test("an error names the places and the option", async () => {
  const context = new FakeContext();
  context.missing = [SIBLING, SERVED];
  const loading = loadWorklet(context as unknown as AudioContext, "capture", PLACES);

  await expect(loading).rejects.toMatchObject({ name: "WorkletError" });
  await expect(loading).rejects.toThrow(`${SIBLING} or ${SERVED}`);
  await expect(loading).rejects.toThrow("workletUrl");
});
