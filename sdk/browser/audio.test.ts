/** The SDK's sound in a real browser: real audio threads and a fake microphone, against a stub of the server. */
import { beforeEach, describe, expect, test } from "vitest";
import { devices } from "./chromium.js";
import { connect, eventsOf, pause, recordOutput, until } from "./scene.js";
import { loudness, pitchHz, tone } from "./sound.js";
import { BEEP_HZ, openBare, stubScene } from "./stub-scene.js";

/** Below this, a playback level is silence. */
const SILENCE = 0.01;

const scene = stubScene();
beforeEach(() => openBare(scene));

describe("the microphone", () => {
  /** What is said arrives: at the rate that was asked for, without gaps, at its pitch. */
  test.each([
    [16000, 16000, { sample_rate: "16000", input_audio_format: null }],
    [24000, 24000, { sample_rate: "24000", input_audio_format: null }],
    [48000, 24000, { sample_rate: null, input_audio_format: "pcm_48000" }],
  ])("of %i Hz arrives with its rate, length and pitch", async (rateHz, agentRateHz, query) => {
    scene.server.options = { onCall: (call) => call.create(agentRateHz) };
    const outcome = await connect(scene.page, { sampleRate: rateHz });
    const { call } = scene.server;
    await until("a first frame", () => call.frames.length > 0);
    const before = { at: performance.now(), frames: call.frames.length };
    await pause(3000);
    const frames = call.frames;
    const seconds = (performance.now() - before.at) / 1000;
    const loud = frames.filter((frame) => loudness(frame) > 0.05);

    expect(outcome).toEqual({ connected: true });
    expect(Object.fromEntries(Object.keys(query).map((name) => [name, call.query.get(name)]))).toEqual(query);
    expect(new Set(frames.map(({ length }) => length))).toEqual(new Set([rateHz * 0.04]));
    // 25 frames a second; a busy machine may be late by a few.
    expect(Math.abs((frames.length - before.frames) / seconds - 25)).toBeLessThan(1.5);
    expect(loud.length).toBeGreaterThan(10);
    const pitches = loud.map((frame) => pitchHz(frame, rateHz)).sort((a, b) => a - b);
    expect(Math.abs((pitches[pitches.length >> 1] ?? 0) - BEEP_HZ)).toBeLessThan(60);
  });

  /** Muted is silent on the wire; unmuted speaks again. That is push-to-talk. */
  test("sends nothing while muted, and all when it is not", async () => {
    await connect(scene.page);
    const { call } = scene.server;
    await until("a first frame", () => call.frames.length > 0);
    await scene.page.evaluate(() => window.agent.mute());
    const muted = call.frames.length;
    await pause(600);

    expect(call.frames.length - muted).toBeLessThanOrEqual(1);

    await scene.page.evaluate(() => window.agent.unmute());
    await until("frames after unmute", () => call.frames.length > muted + 10);
    await until("sound after unmute", () =>
      call.frames.slice(muted + 2).some((frame) => loudness(frame) > 0.05),
    );
  });
});

describe("the loudspeaker", () => {
  const audibleMs = (levels: [number, number][]): number => {
    const loud = levels.filter(([, level]) => level > SILENCE).map(([at]) => at);
    return loud.length === 0 ? 0 : Math.max(...loud) - Math.min(...loud);
  };

  /** A second of the agent is a second to the ear, although it was sent all at once. */
  test("plays what was sent, in its own time", async () => {
    await connect(scene.page);
    const recording = recordOutput(scene.page, 2000);
    scene.server.call.speak(tone(440, 1, 24000));
    const levels = await recording;

    // Half of full scale less the sine's crest: 12000 / 32768 / √2.
    expect(Math.max(...levels.map(([, level]) => level))).toBeCloseTo(0.26, 1);
    expect(Math.abs(audibleMs(levels) - 1000)).toBeLessThan(150);
    expect(levels.at(-1)?.[1]).toBeLessThan(SILENCE);
  });

  /** An interruption silences what is already in the page. */
  test("is silent at once after an interruption", async () => {
    await connect(scene.page);
    scene.server.call.speak(tone(440, 5, 24000));
    await until("sound", () => scene.page.evaluate(() => window.agent.outputLevel > 0.1));
    const recording = recordOutput(scene.page, 700);
    scene.server.call.send("interruption");
    const levels = await recording;
    const last = levels.filter(([, level]) => level > SILENCE).at(-1)?.[0] ?? 0;

    expect(last).toBeLessThan(250);
    expect(await eventsOf(scene.page)).toContainEqual(["interruption"]);
  });

  /** The next turn is heard in full: nothing is muted by time. */
  test("plays the turn that follows an interruption", async () => {
    await connect(scene.page);
    scene.server.call.speak(tone(440, 5, 24000));
    await until("sound", () => scene.page.evaluate(() => window.agent.outputLevel > 0.1));
    const recording = recordOutput(scene.page, 1500);
    scene.server.call.send("interruption");
    scene.server.call.speak(tone(880, 0.6, 24000));
    const levels = await recording;

    expect(audibleMs(levels)).toBeGreaterThan(500);
    expect(audibleMs(levels)).toBeLessThan(900);
  });
});

describe("sound that the browser holds back", () => {
  /** A page that connects on load is silent until the visitor touches it, and loses nothing of what was said. */
  test("starts with the next gesture", async () => {
    // Playwright's own questions to a page count as gestures, so here the page speaks and the test listens.
    const levels: number[] = [];
    await scene.page.exposeFunction("reportLevel", (level: number) => levels.push(level));
    scene.server.options = {
      onCall: (call) => {
        call.create();
        call.speak(tone(440, 1, 24000));
      },
    };
    await scene.page.goto("about:blank");
    await scene.page.goto(`${scene.server.url}/bare/page.html#auto`);
    await until("a call", () => scene.server.calls.length > 0);
    await pause(1000);
    expect(Math.max(...levels)).toBeLessThan(SILENCE);

    await scene.page.mouse.click(5, 5);
    await until("sound", () => levels.some((level) => level > 0.1));
  });

  /** A phone call or a locked screen suspends the sound in the middle of a call; it comes back by itself. */
  test("comes back when it is suspended during a call", async () => {
    await connect(scene.page);
    await scene.page.evaluate(() =>
      (window as unknown as { contexts: AudioContext[] }).contexts[0]?.suspend(),
    );
    await until("running sound", async () => (await devices(scene.page)).contexts[0] === "running");
    scene.server.call.speak(tone(440, 1, 24000));

    await until("sound", () => scene.page.evaluate(() => window.agent.outputLevel > 0.1));
  });
});
