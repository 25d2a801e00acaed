import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AgentFrame, Playback } from "../src/sound.js";
import { CREATED, FakeBrowser, FakeStream, settle } from "./fake-browser.js";
import { accept, scene, type Scene } from "./scene.js";
import { openSoundScene, RATES, soundScene, told, tracksOf, type SoundScene } from "./sound-scene.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("rates", () => {
  const rates = ({ browser }: Scene): unknown[] => [
    (browser.microphone.options.processorOptions as { targetRateHz: number }).targetRateHz,
    (browser.loudspeaker.options.processorOptions as { sourceRateHz: number }).sourceRateHz,
  ];

  /** Both voices follow the server's word. */
  test("follow session.created", async () => {
    const made = scene({ sampleRate: 16000 });
    void made.agent.connect();
    await accept(made, { ...CREATED, sample_rate: 16000 });

    expect(rates(made)).toEqual([16000, 16000]);
  });

  /** A rate for the microphone alone leaves the agent's voice at the session's rate. */
  test("differ when the page asks for a microphone rate of its own", async () => {
    const made = scene({ sampleRate: 48000 });
    void made.agent.connect();
    await accept(made);

    expect(rates(made)).toEqual([48000, 24000]);
  });

  /** A token may have fixed other formats than the page asks for; the URL is then ignored. */
  test("follow the formats that a token has fixed", async () => {
    const made = scene({ sampleRate: 48000 });
    void made.agent.connect();
    await accept(made, { ...CREATED, sample_rate: 16000, input_audio_format: "pcm_8000" });

    expect(rates(made)).toEqual([8000, 16000]);
  });
});

describe("opening", () => {
  /** Browsers play only what was opened inside the gesture: before anything is waited for. */
  test("creates, resumes and primes the output before anything else, at once", () => {
    const { browser } = soundScene();

    expect(browser.calls).toEqual(["openAudio", "resume", "prime"]);
  });

  /** Nobody waits for anybody: the prompt, both worklets and the server's word come when they come. */
  test("asks for microphone and worklets side by side, without waiting for the rates", () => {
    const { browser, sound } = soundScene();
    void sound.open(new Promise(() => undefined));

    expect(browser.calls.slice(3)).toEqual(["addModule", "openMicrophone", "addModule"]);
  });

  /** What the agent says before the worklet is there is played from its beginning. */
  test("keeps what comes before the output is ready, in order", async () => {
    const made = soundScene();
    made.sound.play(frame(1, 0));
    made.sound.flush(1);
    made.sound.play(frame(2, 0));
    await made.sound.open(Promise.resolve(RATES));

    expect(told(made.browser.loudspeaker)).toEqual(["play", "flush", "play"]);
  });
});

describe("a suspended output", () => {
  /** The worklet cannot tell, because it does not run. */
  test("is told with the position that it stopped at", async () => {
    const made = await openSoundScene();
    report(made, { turn: 2, played: 4800, state: "playing" });
    made.browser.context.become("interrupted");

    expect(made.playbacks.at(-1)).toEqual({ turn: 2, played: 4800, state: "suspended" });
    expect(made.levels.at(-1)).toEqual([0, 0]);
  });

  /** It is resumed at once, and when it runs the worklet says where it stands. */
  test("is resumed, and then the worklet is asked", async () => {
    const made = await openSoundScene();
    const { context } = made.browser;
    context.become("suspended");
    const resumes = context.resumes;
    context.become("running");

    expect(resumes).toBeGreaterThan(1);
    expect(made.browser.loudspeaker.told.at(-1)).toEqual({ type: "report" });
  });

  /** A page that connects without a gesture is found suspended from the beginning. */
  test("is told when it is found so", async () => {
    const made = soundScene();
    await made.sound.open(Promise.resolve(RATES));

    expect(made.playbacks).toEqual([{ turn: 0, played: 0, state: "suspended" }]);
  });

  /** After a flush the server waits for a word, whether sound runs or not. */
  test("answers questions and flushes from the page", async () => {
    const made = soundScene();
    await made.sound.open(Promise.resolve(RATES));
    made.sound.flush(1);
    made.sound.reportPlayback();

    expect(made.playbacks.map(({ state }) => state)).toEqual(["suspended", "suspended", "suspended"]);
  });
});

describe("playback", () => {
  /** The listener gets what is due; the rest is only for the page to know. */
  test("is told when it is due, and levels at their own pace", async () => {
    const made = await openSoundScene();
    made.browser.microphone.say({ type: "level", level: 0.25 });
    report(made, { turn: 1, played: 10, state: "playing" }, { isDue: true });
    report(made, { turn: 1, played: 20, state: "playing" }, { level: 0.5 });

    expect(made.playbacks).toEqual([{ turn: 1, played: 10, state: "playing" }]);
    expect(made.levels).toEqual([[0.25, 0.5]]);
    expect([made.sound.inputLevel, made.sound.outputLevel]).toEqual([0.25, 0.5]);
  });

  /** What the browser knows of its output's latency is told to the worklet, which counts by it. */
  test("counts with the latency of the output", async () => {
    const made = await openSoundScene();
    const { context } = made.browser;
    context.outputLatency = 0.18;
    report(made, { turn: 1, played: 10, state: "playing" }, { level: 0 });

    expect(made.browser.loudspeaker.told.at(-1)).toEqual({
      type: "set",
      latencyS: context.baseLatency + 0.18,
    });
  });

  /** A page of Firefox that asks may never get an answer, and stands still. */
  test("counts with the usual latency in Firefox, which is not asked", async () => {
    const made = soundScene();
    made.browser.context.baseLatency = 0;
    const asked = vi.spyOn(made.browser.context, "outputLatency", "get");
    await made.sound.open(Promise.resolve(RATES));
    report(made, { turn: 1, played: 10, state: "playing" }, { level: 0 });

    expect(made.browser.loudspeaker.told).toContainEqual({ type: "set", latencyS: 0.03 });
    expect(asked).not.toHaveBeenCalled();
  });

  /** The worklet does it all on the audio thread. */
  test("is held, released and turned down by commands to the worklet", async () => {
    const made = await openSoundScene();
    made.sound.hold();
    made.sound.release();
    made.sound.volume = 0.3;

    expect(made.browser.loudspeaker.told).toEqual([
      { type: "hold" },
      { type: "release" },
      { type: "set", volume: 0.3 },
    ]);
  });

  /** A volume is a share. */
  test.each([
    [-1, 0],
    [7, 1],
  ])("takes a volume of %d for %d", async (asked, volume) => {
    const made = await openSoundScene();
    made.sound.volume = asked;

    expect(made.sound.volume).toBe(volume);
  });

  /** The next frames are numbered, so another worklet can take them up. */
  test("goes on in another worklet when one fails, once", async () => {
    const made = await openSoundScene();
    made.sound.volume = 0.5;
    made.browser.loudspeaker.onprocessorerror?.();
    made.sound.play(frame(1, 960));
    const { told: commands } = made.browser.loudspeaker;
    made.browser.loudspeaker.onprocessorerror?.();

    expect(commands.map(({ type }) => type)).toEqual(["set", "play"]);
    expect(made.problems).toEqual(["playback_failed", "playback_failed"]);
    expect(made.browser.nodes.filter(({ name }) => name === "vivavoce-playback").length).toBe(2);
  });
});

describe("the microphone", () => {
  /** The visitor listens first, and is asked when he wants to talk. */
  test("may be started later, in the running call", async () => {
    const made = await openSoundScene({ autoCaptureMic: false });
    const before = made.browser.asked.length;
    await made.sound.startMicrophone();
    await made.sound.startMicrophone();
    made.browser.microphone.say(new Int16Array(640));

    expect(before).toBe(0);
    expect(made.browser.asked.length).toBe(1);
    expect(made.frames.length).toBe(1);
  });

  /** A visitor who refused may change his mind. */
  test("may be asked for again after a refusal", async () => {
    const made = await openSoundScene({ autoCaptureMic: false });
    const allow = made.browser.answerPrompt;
    made.browser.answerPrompt = () => Promise.reject(new Error("denied"));
    const refused = made.sound.startMicrophone();
    await expect(refused).rejects.toThrow("Microphone access required");
    made.browser.answerPrompt = allow;
    await made.sound.startMicrophone();

    expect(tracksOf(made)).toEqual([false]);
  });

  /** A device that was chosen before is the one that is opened. */
  test("is the chosen one when it is started later", async () => {
    const made = await openSoundScene({ autoCaptureMic: false });
    await made.sound.setInputDevice("usb");
    await made.sound.startMicrophone();

    expect(made.browser.asked[0]).toMatchObject({ deviceId: { exact: "usb" } });
  });

  /** The agent's voice is what an echo is measured against: the worklet hears it on its second input. */
  test("hears the agent on its second input", async () => {
    const made = await openSoundScene();

    expect(made.browser.loudspeaker.connectedTo).toContain(made.browser.microphone);
    expect(made.browser.microphone.options.numberOfInputs).toBe(2);
  });

  /** Found again after every change of device, echo is told once. */
  test("tells of echo once in a call", async () => {
    const made = await openSoundScene();
    made.browser.microphone.say({ type: "echo" });
    made.browser.microphone.say({ type: "echo" });

    expect(made.problems).toEqual(["echo"]);
  });

  /** The mode is the page's word; without one, echo decides. */
  test.each([
    [undefined, "auto"],
    ["on", "on"],
    ["off", "off"],
  ] as const)("with halfDuplex %s is in mode %s", async (halfDuplex, mode) => {
    const made = await openSoundScene({ halfDuplex });

    expect(made.browser.microphone.options.processorOptions).toMatchObject({ halfDuplex: mode });
  });
});

describe("everything is let go", () => {
  const isReleased = ({ browser }: SoundScene): boolean =>
    browser.streams.every(({ track }) => track.stopped) && browser.awake.every((held) => !held);

  /** The usual end; and again, because callers need not remember. */
  test("when the call is closed, and closed again", async () => {
    const made = await openSoundScene();
    const held = [...made.browser.awake];
    made.sound.close();
    made.sound.close();
    await settle();
    vi.advanceTimersByTime(100);

    expect(held).toEqual([true]);
    expect(isReleased(made)).toBe(true);
    expect(made.browser.contexts.map(({ closed }) => closed)).toEqual([true]);
  });

  /** A visitor who refuses holds nothing. */
  test("when the visitor refuses the microphone", async () => {
    const browser = new FakeBrowser();
    browser.answerPrompt = () => Promise.reject(new Error("denied"));
    const made = soundScene({}, browser);
    await expect(made.sound.open(Promise.resolve(RATES))).rejects.toThrow("Microphone access required");
    made.sound.close();
    await settle();

    expect(isReleased(made)).toBe(true);
  });

  /** The answer to a prompt may come after the end. */
  test("when the call ends while the prompt is open", async () => {
    const browser = new FakeBrowser();
    let answer: (stream: FakeStream) => void = () => undefined;
    browser.answerPrompt = () => new Promise((resolve) => (answer = resolve));
    const made = soundScene({}, browser);
    void made.sound.open(Promise.resolve(RATES));
    await settle();
    made.sound.close();
    answer(new FakeStream());
    await settle();

    expect(tracksOf(made)).toEqual([true]);
    expect(isReleased(made)).toBe(true);
  });

  /** A microphone that nobody reads must not stay hot. */
  test("when the audio thread gives up recording twice", async () => {
    const made = await openSoundScene();
    made.browser.microphone.onprocessorerror?.();
    await settle();
    const rebuilt = tracksOf(made);
    made.browser.microphone.onprocessorerror?.();
    await settle();

    expect(rebuilt).toEqual([false]);
    expect(tracksOf(made)).toEqual([true]);
    expect(made.problems).toEqual(["microphone_lost"]);
  });

  /** A device that is gone and cannot be replaced. */
  test("when the microphone is lost", async () => {
    const made = await openSoundScene();
    made.browser.answerPrompt = () => Promise.reject(new Error("none"));
    made.browser.streams[0]?.track.onended?.();
    await settle();

    expect(tracksOf(made)).toEqual([true]);
    expect(made.problems).toEqual(["microphone_lost"]);
  });

  /** A wake lock may be granted when the call is over already. */
  test("when the screen is kept on too late", async () => {
    const made = soundScene();
    made.sound.close();
    await settle();

    expect(made.browser.awake).toEqual([false]);
  });
});

/** A frame of the agent of 20 ms. */
const frame = (turn: number, start: number): AgentFrame => ({ turn, start, samples: new Int16Array(480) });

/** The playback worklet reports. */
function report(
  { browser }: SoundScene,
  playback: Playback,
  { isDue = false, level }: { isDue?: boolean; level?: number } = {},
): void {
  browser.loudspeaker.say({ type: "playback", playback, isDue, level });
}
