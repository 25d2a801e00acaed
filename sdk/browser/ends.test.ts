/** How calls end, or do not begin, in a real browser: what the page is told, and that its devices are free again. */
import { beforeEach, describe, expect, test } from "vitest";
import { devices, launchChromium } from "./chromium.js";
import { connect, eventsOf, microphoneReleased, until } from "./scene.js";
import { openBare, stubScene, turnPage } from "./stub-scene.js";

const scene = stubScene();
beforeEach(() => openBare(scene));

describe("the end of a call", () => {
  /** Microphone and sound are free again, and the server knows. */
  test("by disconnect() releases the devices and says goodbye", async () => {
    await connect(scene.page);
    expect(await devices(scene.page)).toEqual({ tracks: ["live"], contexts: ["running"] });

    await scene.page.evaluate(() => window.agent.disconnect());
    await until("the end", async () =>
      (await eventsOf(scene.page)).some(([name]) => name === "session_ended"),
    );
    await until("closed contexts", async () => (await devices(scene.page)).contexts[0] === "closed");

    expect(scene.server.call.types).toContain("session.close");
    expect((await eventsOf(scene.page)).slice(1)).toEqual([
      ["session_ended", { reason: "client_requested" }],
    ]);
    expect(await devices(scene.page)).toEqual({ tracks: ["ended"], contexts: ["closed"] });
    expect(await scene.page.evaluate(() => window.agent.isConnected)).toBe(false);
    await until("the closed socket", () => scene.server.call.closeCode === 1000);
  });

  /** Leaving the page is a goodbye too, without a word from the page's own code. */
  test("by leaving the page says goodbye", async () => {
    await connect(scene.page);
    await scene.page.goto("about:blank");

    await until("the goodbye", () => scene.server.call.types.includes("session.close"));
    await until("the closed socket", () => scene.server.call.closeCode !== undefined);
  });

  /** The agent hangs up. */
  test("by the server gives its reason", async () => {
    await connect(scene.page);
    scene.server.call.send("session.closed", { reason: "ended" });
    scene.server.call.socket.close(1000);
    await until("the end", async () => (await eventsOf(scene.page)).length > 1);

    expect((await eventsOf(scene.page)).slice(1)).toEqual([["session_ended", { reason: "ended" }]]);
    expect((await devices(scene.page)).tracks).toEqual(["ended"]);
  });

  /** The network is gone. */
  test("by a lost connection gives the close code", async () => {
    await connect(scene.page);
    scene.server.call.socket.terminate();
    await until("the end", async () => (await eventsOf(scene.page)).length > 1);

    expect((await eventsOf(scene.page)).slice(1)).toEqual([["session_ended", { reason: "1006" }]]);
    expect((await devices(scene.page)).tracks).toEqual(["ended"]);
  });

  /** The visitor gives up while the server is still thinking. */
  test("while connecting rejects connect() and releases the devices", async () => {
    scene.server.options = { onCall: () => undefined };
    const connecting = connect(scene.page);
    await until("a socket", () => scene.server.calls.length > 0);
    await scene.page.evaluate(() => window.agent.disconnect());

    expect(await connecting).toMatchObject({ connected: false, cause: "AbortError" });
    await microphoneReleased(scene.page);
  });
});

describe("errors", () => {
  /** First path: a handshake that fails rejects `connect()`, and fires no event. */
  test("of the handshake reject connect()", async () => {
    const outcome = await connect(scene.page, { apiKey: "sk_wrong" });

    expect(outcome).toMatchObject({
      connected: false,
      message: "WebSocket connection failed",
      cause: "ConnectionClosed",
    });
    expect(await eventsOf(scene.page)).toEqual([]);
    await microphoneReleased(scene.page);
  });

  /** Second path: an error in the session is an event, and the call goes on. */
  test("in the session are events", async () => {
    await connect(scene.page);
    scene.server.call.send("error", { code: "tool_timeout", message: "no result" });
    await until("the event", async () => (await eventsOf(scene.page)).length > 1);

    expect((await eventsOf(scene.page)).slice(1)).toEqual([
      ["error", { code: "tool_timeout", message: "no result" }],
    ]);
    expect(await scene.page.evaluate(() => window.agent.isConnected)).toBe(true);
  });

  /** The visitor says no. */
  test("of a denied microphone have their own text and cause", async () => {
    const denying = await launchChromium({ permission: "deny" });
    try {
      await turnPage(scene, denying);
      await openBare(scene);
      const outcome = await connect(scene.page);

      expect(outcome).toMatchObject({ message: "Microphone access required", cause: "NotAllowedError" });
      await until(
        "the goodbye",
        () => scene.server.calls.length === 0 || scene.server.call.closeCode !== undefined,
      );
    } finally {
      await denying.close();
    }
  });

  /** Plain http on another host than localhost gives no microphone, and the cause says why. */
  test("of an insecure page have their own cause", async () => {
    const mapping = await launchChromium({ extra: ["--host-resolver-rules=MAP shop.test 127.0.0.1"] });
    try {
      await turnPage(scene, mapping);
      await scene.page.goto(`http://shop.test:${scene.server.port}/bare/page.html`);
      const outcome = await connect(scene.page);

      expect(outcome).toMatchObject({ message: "Microphone access required", cause: "SecurityError" });
    } finally {
      await mapping.close();
    }
  });
});
