/** Devices that come, go and change while a call runs. */
import { describe, expect, test } from "vitest";
import { isGone } from "../src/devices.js";
import { FakeBrowser, settle } from "./fake-browser.js";
import { openSoundScene, replug, tracksOf } from "./sound-scene.js";

const DEVICES = [
  ["audioinput", "built-in"],
  ["audiooutput", "desk"],
] as const;

describe("a list of devices", () => {
  const list = DEVICES.map(([kind, deviceId]) => ({ kind, deviceId })) as unknown as MediaDeviceInfo[];

  /** What is not on it is gone. */
  test("tells what is gone", () => {
    expect([isGone(list, "audioinput", "usb"), isGone(list, "audioinput", "built-in")]).toEqual([
      true,
      false,
    ]);
  });

  /** Without permission the ids are empty, and that says nothing. */
  test("without ids tells nothing", () => {
    const nameless = [{ kind: "audioinput", deviceId: "" }] as unknown as MediaDeviceInfo[];

    expect(isGone(nameless, "audioinput", "usb")).toBe(false);
  });
});

describe("a microphone", () => {
  /** Not every browser ends the track of a device that is gone. */
  test("that is gone from the list is replaced by the default one", async () => {
    const made = await openSoundScene({ captureDeviceId: "usb" });
    made.browser.streams[0]!.track.settings = { deviceId: "usb" };
    await replug(made, DEVICES);

    expect(tracksOf(made)).toEqual([true, false]);
    expect(made.browser.asked[1]).not.toHaveProperty("deviceId");
    expect(made.changes).toEqual([["input", undefined]]);
  });

  /** The call goes on with what it has: nothing is taken back from under it. */
  test("that comes back is not stolen", async () => {
    const made = await openSoundScene({ captureDeviceId: "usb" });
    made.browser.streams[0]!.track.onended?.();
    await settle();
    await replug(made, [...DEVICES, ["audioinput", "usb"]]);

    expect(made.browser.asked.length).toBe(2);
    expect(made.changes).toEqual([["input", undefined]]);
  });

  /** With no microphone left, the first that is plugged in is taken. */
  test("is found again after all were gone", async () => {
    const made = await openSoundScene();
    const allow = made.browser.answerPrompt;
    made.browser.answerPrompt = () => Promise.reject(new Error("none"));
    made.browser.streams[0]!.track.onended?.();
    await settle();
    made.browser.answerPrompt = allow;
    await replug(made, DEVICES);

    expect(made.problems).toEqual(["microphone_lost"]);
    expect(tracksOf(made)).toEqual([true, false]);
  });

  /** The page's choice is told like the system's. */
  test("that the page chooses is told", async () => {
    const made = await openSoundScene();
    await made.sound.setInputDevice("usb");

    expect(made.changes).toEqual([["input", "usb"]]);
  });

  /** The same worklet hears the next device, so the frame that is being filled goes on. */
  test("is exchanged in front of the same worklet", async () => {
    const made = await openSoundScene();
    const { microphone } = made.browser;
    await made.sound.setInputDevice("usb");

    expect(made.browser.microphone).toBe(microphone);
    expect(made.browser.context.sources.map(({ disconnected }) => disconnected)).toEqual([true, false]);
  });
});

describe("a rate that changes", () => {
  /** A headset goes from music to speech: the same track, at another rate. */
  test("has the track joined anew, without a new prompt", async () => {
    const made = await openSoundScene();
    made.browser.streams[0]!.track.settings = { deviceId: "built-in", sampleRate: 16000 };
    await replug(made, DEVICES);

    expect(made.browser.asked.length).toBe(1);
    expect(made.browser.context.sources.map(({ disconnected }) => disconnected)).toEqual([true, false]);
    expect(made.browser.nodes.length).toBe(2);
  });

  /** A change of nothing is no reason to touch the graph. */
  test("is told from devices that merely come or go", async () => {
    const made = await openSoundScene();
    await replug(made, [...DEVICES, ["audioinput", "other"]]);

    expect(made.browser.context.sources.length).toBe(1);
  });

  /** A context of another rate needs another worklet; the one before is not heard any more. */
  test("of the context gives the microphone a new worklet, and frames stay in order", async () => {
    const made = await openSoundScene();
    const before = made.browser.microphone;
    made.browser.context.sampleRate = 16000;
    await replug(made, DEVICES);
    made.browser.microphone.say(new Int16Array([2]));
    before.say(new Int16Array([1]));

    expect(made.browser.microphone).not.toBe(before);
    expect(made.frames.map(([first]) => first)).toEqual([2]);
    expect(made.browser.nodes.filter(({ name }) => name === "vivavoce-playback").length).toBe(1);
  });

  /** Firefox refuses a device of another rate: it is recorded in a context of its own, and playback stays. */
  test("that the context refuses opens a context for the microphone alone", async () => {
    const browser = new FakeBrowser();
    browser.prepareContext = (context) => {
      context.isStrict = browser.contexts.length === 0;
    };
    const made = await openSoundScene({}, browser);
    browser.microphone.say(new Int16Array(640));
    made.sound.close();

    expect(browser.contexts.length).toBe(2);
    expect(browser.contexts[1]!.sources.length).toBe(1);
    expect(made.frames.length).toBe(1);
    expect(browser.contexts[1]!.closed).toBe(true);
  });
});

describe("a loudspeaker", () => {
  /** The page chooses, in mid-call. */
  test("is exchanged in mid-call", async () => {
    const made = await openSoundScene();
    await made.sound.setOutputDevice("desk");

    expect(made.browser.context.sinkId).toBe("desk");
    expect(made.changes).toEqual([["output", "desk"]]);
  });

  /** An unplugged one is replaced by the default one, and stays replaced. */
  test("that is gone is replaced by the default one, also when it comes back", async () => {
    const made = await openSoundScene({ playbackDeviceId: "usb" });
    await replug(made, DEVICES);
    await replug(made, [...DEVICES, ["audiooutput", "usb"]]);

    expect(made.browser.context.sinkId).toBe("");
    expect(made.changes).toEqual([
      ["output", "usb"],
      ["output", undefined],
    ]);
  });

  /** After the end nobody looks after devices any more. */
  test("is left alone after the call", async () => {
    const made = await openSoundScene({ playbackDeviceId: "usb" });
    made.sound.close();
    await replug(made, DEVICES);

    expect(made.changes).toEqual([["output", "usb"]]);
  });
});
