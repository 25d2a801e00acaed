/** Pages that embed the SDK in a real browser: strict ones, those of another host, and our own smoke page. */
import { beforeEach, describe, expect, test } from "vitest";
import { connect, eventsOf, smokeNames, until } from "./scene.js";
import { tone } from "./sound.js";
import { openBare, stubScene } from "./stub-scene.js";
import { polite, StubServer } from "./stub-server.js";

const scene = stubScene();
beforeEach(() => openBare(scene));

describe("a page under a content security policy", () => {
  /** No eval, no blob, no inline script: a whole call without a single violation. */
  test("that allows nothing but its own files runs a call without complaint", async () => {
    await connect(scene.page);
    scene.server.call.speak(tone(440, 0.3, 24000));
    await until("sound", () => scene.page.evaluate(() => window.agent.outputLevel > 0.1));
    await until("a frame", () => scene.server.call.frames.length > 5);
    await scene.page.evaluate(() => window.agent.disconnect());
    await until("the end", async () =>
      (await eventsOf(scene.page)).some(([name]) => name === "session_ended"),
    );

    expect(scene.complaints.texts).toEqual([]);
  });

  /** A page of another host loads everything from the server, and needs no baseUrl. */
  test("of another host needs only the server's name in it", async () => {
    const shop = await StubServer.start({
      policy: `default-src 'self'; script-src 'self' ${scene.server.url}; connect-src 'self' ${scene.server.url} ws://127.0.0.1:${scene.server.port}`,
    });
    try {
      await scene.page.goto(`${shop.url}/bare/embedded.html?server=${encodeURIComponent(scene.server.url)}`);
      await scene.page.waitForFunction(() => window.events !== undefined);
      const outcome = await connect(scene.page);
      scene.server.call.speak(tone(440, 1, 24000));

      expect(outcome).toEqual({ connected: true });
      await until("sound", () => scene.page.evaluate(() => window.agent.outputLevel > 0.1));
      await until("a frame", () => scene.server.call.frames.length > 5);
      expect([shop.calls.length, scene.complaints.texts]).toEqual([0, []]);
    } finally {
      await shop.stop();
    }
  });
});

/** The documented order of the smoke page, from the first event to the end. */
test("the smoke page prints the events in their documented order", async () => {
  scene.server.options = {
    onCall: (call) => {
      polite(call);
      call.send("agent_start_talking");
      call.speak(tone(440, 0.2, 24000));
      call.send("agent_stop_talking");
    },
  };
  await scene.page.goto(`${scene.server.url}/smoke.html?key=sk_1&agent=a1`);

  expect(await smokeNames(scene.page)).toEqual([
    "session_started",
    "agent_start_talking",
    "agent_stop_talking",
  ]);
  expect(await scene.page.locator("#log").textContent()).toContain(
    'session_started {"session_id":"7d0c2a52-6f0e-4a53-8f6c-0d4a0c7b8a11","call_id":"CALL-1776756378884-6a553c"}',
  );
  expect(scene.complaints.texts).toEqual([]);
});
