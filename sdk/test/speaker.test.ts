import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { audioOf, liveScene } from "./scene.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the loudspeaker", () => {
  /** Samples go to the audio thread as they come. */
  test("plays the agent's audio", async () => {
    const made = await liveScene();
    made.browser.socket.receive({ type: "output_audio.delta", audio: audioOf(480) });
    made.browser.loudspeaker.say({
      type: "playback",
      playback: { turn: 1, played: 480, state: "playing" },
      isDue: false,
      level: 0.5,
    });
    const { type, samples } = made.browser.loudspeaker.told.at(-1) as { type: string; samples: Int16Array };

    expect([type, samples.length]).toEqual(["play", 480]);
    expect(made.agent.outputLevel).toBe(0.5);
  });

  /** After an interruption the visitor must not hear what is already here. */
  test("is flushed by an interruption, before the page is told", async () => {
    const made = await liveScene();
    const told: unknown[] = [];
    made.agent.on("interruption", () => told.push(made.browser.loudspeaker.told.at(-1)?.["type"]));
    made.browser.socket.receive({ type: "interruption" });

    expect(told).toEqual(["flush"]);
  });

  /** Broken audio is reported and left out; the call goes on. */
  test("leaves out audio that is not base64", async () => {
    const made = await liveScene();
    made.browser.socket.receive({ type: "output_audio.delta", audio: "§§§" });

    expect(made.browser.reported.length).toBe(1);
    expect(made.agent.isConnected).toBe(true);
  });

  /** A server that sends a minute ahead is told of by an error event. */
  test("reports audio that finds no room", async () => {
    const made = await liveScene();
    made.browser.loudspeaker.say({ type: "dropped", turn: 1, droppedSamples: 960 });

    expect(made.events.at(-1)!).toMatchObject(["error", { code: "playback_overflow" }]);
  });

  /** What the audio thread had still to say when the call ended is no matter of the page. */
  test("reports nothing after the end", async () => {
    const made = await liveScene();
    made.browser.socket.receive({ type: "session.closed", reason: "ended" });
    made.browser.loudspeaker.say({ type: "dropped", turn: 1, droppedSamples: 960 });

    expect(made.events.at(-1)?.[0]).toBe("session_ended");
  });

  /** The page may choose a device, where the browser can. */
  test("is the one that the page names", async () => {
    const made = await liveScene({ playbackDeviceId: "desk" });

    expect(made.browser.context.sinkId).toBe("desk");
  });

  /** A device that is gone is no reason to end a call. */
  test("falls back to the default device", async () => {
    const made = await liveScene({ playbackDeviceId: "gone" });

    expect(made.events.find(([name]) => name === "error")?.[1] as object).toMatchObject({
      code: "playback_device",
    });
    expect(made.agent.isConnected).toBe(true);
  });
});
