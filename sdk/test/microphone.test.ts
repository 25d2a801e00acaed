import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { encodeBase64 } from "../src/pcm.js";
import { settle } from "./fake-browser.js";
import { accept, liveScene, rejection, scene, speak, type Scene } from "./scene.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the microphone", () => {
  const frames = ({ browser }: Scene): unknown[] =>
    browser.socket.sent.filter(({ type }) => type === "input_audio_buffer.append");

  /** A frame of samples is one message of base64. */
  test("sends its frames", async () => {
    const made = await liveScene();
    speak(made);
    made.browser.microphone.say({ type: "level", level: 0.5 });
    const expected = encodeBase64(new Uint8Array(new Int16Array(960).fill(16384).buffer));

    expect(frames(made)).toEqual([{ type: "input_audio_buffer.append", audio: expected }]);
    expect(made.agent.inputLevel).toBe(0.5);
  });

  /** Muted means that nothing leaves the page, not even a frame that was on its way. */
  test("sends nothing while muted", async () => {
    const made = await liveScene();
    made.agent.mute();
    speak(made);

    expect(made.agent.isMuted).toBe(true);
    expect(frames(made)).toEqual([]);
    expect(made.agent.inputLevel).toBe(0);
    expect(made.browser.streams[0]?.track.enabled).toBe(false);
    expect(made.browser.microphone.told.at(-1)).toEqual({ type: "mute", muted: true });

    made.agent.unmute();
    speak(made);

    expect(frames(made).length).toBe(1);
    expect(made.browser.streams[0]?.track.enabled).toBe(true);
  });

  /** A page may mute before it connects; the call then begins muted. */
  test("begins muted when it was muted before", async () => {
    const made = scene();
    made.agent.mute();
    const connecting = made.agent.connect();
    await accept(made);
    await connecting;
    speak(made);

    expect(frames(made)).toEqual([]);
    expect(made.browser.streams[0]?.track.enabled).toBe(false);
  });

  /** Without a microphone there is nothing to mute. */
  test("is never asked for with autoCaptureMic: false", async () => {
    const made = await liveScene({ autoCaptureMic: false });
    made.agent.mute();

    expect(made.browser.asked).toEqual([]);
    expect(made.agent.isMuted).toBe(false);
    expect(made.agent.isConnected).toBe(true);
  });

  /** The page may choose a device. */
  test("is the one that the page names", async () => {
    const made = await liveScene({ captureDeviceId: "usb" });

    expect(made.browser.asked[0]!).toMatchObject({ deviceId: { exact: "usb" }, echoCancellation: true });
  });

  /** A visitor who chooses another one is heard through it in the same call, and the first is let go. */
  test("is exchanged in mid-call", async () => {
    const made = await liveScene();
    await made.agent.setInputDevice("usb");
    speak(made);

    expect(made.browser.streams.map(({ track }) => track.stopped)).toEqual([true, false]);
    expect(made.browser.asked[1]!).toMatchObject({ deviceId: { exact: "usb" } });
    expect(frames(made).length).toBe(1);
  });

  /** A device that cannot be opened leaves the call with the one that works. */
  test("stays when the other cannot be opened", async () => {
    const made = await liveScene();
    made.browser.answerPrompt = () => Promise.reject(new Error("busy"));
    const error = await rejection(made.agent.setInputDevice("usb"));
    speak(made);

    expect(error.message).toBe("Microphone access required");
    expect(made.browser.streams[0]?.track.stopped).toBe(false);
    expect(frames(made).length).toBe(1);
  });

  /** What was chosen without a call is used in the next one. */
  test("may be chosen before the call", async () => {
    const made = scene();
    await made.agent.setInputDevice("usb");
    const connecting = made.agent.connect();
    await accept(made);
    await connecting;

    expect(made.browser.asked[0]!).toMatchObject({ deviceId: { exact: "usb" } });
  });

  /** An unplugged headset is replaced by the default device, in the same call. */
  test("falls back to the default device when its own is unplugged", async () => {
    const made = await liveScene({ captureDeviceId: "usb" });
    made.browser.streams[0]?.track.onended?.();
    await settle();
    speak(made);

    expect(made.browser.streams.map(({ track }) => track.stopped)).toEqual([true, false]);
    expect(made.browser.asked[1]).not.toHaveProperty("deviceId");
    expect(frames(made).length).toBe(1);
  });

  /** Without any device left the page is told, and the agent can still be heard. */
  test("that is gone for good is an error event", async () => {
    const made = await liveScene();
    made.browser.answerPrompt = () => Promise.reject(new Error("none"));
    made.browser.streams[0]?.track.onended?.();
    await settle();

    expect(made.events.at(-1)?.[0]).toBe("error");
    expect(made.events.at(-1)?.[1] as object).toMatchObject({ code: "microphone_lost" });
    expect(made.agent.isConnected).toBe(true);
  });
});
