/** The audio engine in a real browser: what it says of its playback against what it puts out. */
import { beforeEach, describe, expect, test } from "vitest";
import { seams } from "../test/seams.js";
import { devices } from "./chromium.js";
import {
  AGENT_HZ,
  captured,
  capturedToTheEnd,
  deviceIds,
  latencyS,
  openEngine,
  speak,
  told,
  withSound,
} from "./engine-scene.js";
import { pause, until } from "./scene.js";
import { tone } from "./sound.js";
import { openBare, stubScene } from "./stub-scene.js";

const scene = stubScene();
beforeEach(() => openBare(scene));

/** Sound that tells its own position: it rises by the same step from sample to sample, and wraps round softly. */
const HALF = 12000;
const ramp = (seconds: number): Int16Array =>
  Int16Array.from({ length: seconds * AGENT_HZ }, (_, index) => {
    const at = index % (4 * HALF);
    return (at < 2 * HALF ? at - HALF : 3 * HALF - at) | 0;
  });

/** The stretches of sound between silences of at least 5 ms: first sample and first sample behind. */
function stretches(samples: Float32Array, rateHz: number): [from: number, to: number][] {
  const found: [number, number][] = [];
  samples.forEach((sample, index) => {
    if (sample !== 0) {
      const last = found.at(-1);
      if (last && index - last[1] < 0.005 * rateHz) {
        last[1] = index + 1;
      } else {
        found.push([index, index + 1]);
      }
    }
  });
  return found;
}

describe("the position of playback", () => {
  /** What is told at any time is what had been put out by then, less what is on its way to the ear. */
  test("agrees with the captured output", async () => {
    await openEngine(scene.page);
    await speak(scene.page, 1, tone(300, 3, AGENT_HZ));
    const { samples, rateHz, from } = await capturedToTheEnd(scene.page);
    const latency = await latencyS(scene.page);
    const { playbacks } = await told(scene.page);
    const [[first, end]] = stretches(samples, rateHz) as [[number, number]];
    const startS = (from + first) / rateHz;
    const moving = playbacks.filter(({ state }) => state === "playing");
    const errors = moving.map(({ at, played }) => Math.max(0, at - startS - latency) - played / AGENT_HZ);
    const middle = [...errors].sort((a, b) => a - b)[errors.length >> 1]!;

    expect((end - first) / rateHz).toBeCloseTo(3, 1);
    // Messages reach a busy page late, never early.
    expect(middle).toBeLessThan(0.1);
    expect(middle).toBeGreaterThan(-0.02);
    expect(moving.length).toBeGreaterThanOrEqual(12);
    expect(playbacks[0]).toMatchObject({ turn: 0, played: 0, state: "idle" });
    expect(playbacks.at(-1)).toMatchObject({ turn: 1, played: 3 * AGENT_HZ, state: "idle" });
  });

  /** After an interruption it is what was heard, and the next turn begins at nothing. */
  test("stops where a flush stops the sound", async () => {
    await openEngine(scene.page);
    await speak(scene.page, 1, tone(300, 4, AGENT_HZ));
    await pause(800);
    await withSound(scene.page, "flush", 1);
    const { samples, rateHz } = await capturedToTheEnd(scene.page);
    const { playbacks } = await told(scene.page);
    const [[first, end]] = stretches(samples, rateHz) as [[number, number]];
    const last = playbacks.at(-1)!;

    expect(last).toMatchObject({ turn: 1, state: "idle" });
    expect(Math.abs(last.played / AGENT_HZ - (end - first) / rateHz)).toBeLessThan(0.005);
  });
});

describe("a hold", () => {
  /** The sound itself tells its position: behind the pause it goes on with the next sample. */
  test("ends at the very sample at which it began, and says which", async () => {
    await openEngine(scene.page);
    await speak(scene.page, 1, ramp(2));
    await pause(700);
    await withSound(scene.page, "hold");
    await until("the hold", async () => (await told(scene.page)).playbacks.at(-1)?.state === "held");
    await pause(400);
    const held = (await told(scene.page)).playbacks.at(-1)!;
    await withSound(scene.page, "release");
    await until("the end", async () => (await told(scene.page)).playbacks.at(-1)?.state === "idle");
    const { samples, rateHz } = await capturedToTheEnd(scene.page);
    const [before, after] = stretches(samples, rateHz) as [[number, number], [number, number]];
    // Everything is played once: the lengths of both parts add up to the whole.
    const playedS = (before[1] - before[0] + after[1] - after[0]) / rateHz;

    expect(stretches(samples, rateHz).length).toBe(2);
    expect((after[0] - before[1]) / rateHz).toBeGreaterThan(0.3);
    expect(Math.abs(held.played / AGENT_HZ - (before[1] - before[0]) / rateHz)).toBeLessThan(0.001);
    expect(Math.abs(playedS - 2)).toBeLessThan(0.005);
    // And the value of a sample in the clear is the one that its number asks for.
    const probe = after[0] + Math.round(0.05 * rateHz);
    const number = Math.round(((before[1] - before[0] + probe - after[0]) * AGENT_HZ) / rateHz);
    expect(Math.abs(samples[probe]! * 32768 - ramp(2)[number]!)).toBeLessThan(4);
  });
});

describe("the captured output", () => {
  /** Turns, late frames, holds, interruptions and a volume that is moved: no step that a fade does not explain. */
  test("has no seam", async () => {
    await openEngine(scene.page);
    const spoken = tone(300, 2, AGENT_HZ);
    for (let turn = 1; turn <= 4; turn += 1) {
      await speak(scene.page, turn, spoken.subarray(100, 20000));
      // The rest comes late.
      await pause(1000);
      await speak(scene.page, turn, spoken.subarray(20000), 19900);
      await pause(250);
      await withSound(scene.page, "hold");
      await pause(120);
      await withSound(scene.page, "release");
      await withSound(scene.page, "volume", turn % 2 ? 0.4 : 1);
      await pause(200);
      await withSound(scene.page, "flush", turn);
    }
    const { samples, rateHz } = await capturedToTheEnd(scene.page);
    const expected = { rateHz, peak: 0.37, highestHz: 300, fadeS: 0.004 };
    const cut = Float32Array.from(samples);
    const [first] = stretches(samples, rateHz)[0]!;
    cut.fill(0, first + 10_000, first + 10_070);

    expect(stretches(samples, rateHz).length).toBeGreaterThan(8);
    expect(seams(samples, expected)).toEqual([]);
    expect(seams(cut, expected).length).toBeGreaterThan(0);
  });
});

describe("levels", () => {
  /** Both are measured on the audio thread, twenty times a second. */
  test("come twenty times a second, of the visitor and of the agent", async () => {
    await openEngine(scene.page);
    await speak(scene.page, 1, tone(300, 2, AGENT_HZ));
    const before = (await told(scene.page)).levels.length;
    const start = (await captured(scene.page)).samples.length;
    await pause(2500);
    const levels = (await told(scene.page)).levels.slice(before);
    const { samples, rateHz } = await captured(scene.page);
    const seconds = (samples.length - start) / rateHz;

    expect(Math.abs(levels.length / seconds - 20)).toBeLessThan(3);
    // The visitor beeps; the agent's sine has half of full scale less its crest.
    expect(Math.max(...levels.map(([input]) => input))).toBeGreaterThan(0.05);
    expect(Math.max(...levels.map(([, output]) => output))).toBeCloseTo(0.26, 1);
    expect(levels.at(-1)?.[1]).toBe(0);
  });
});

describe("in mid-call", () => {
  /** The sound waits, says so, and goes on where it stopped, without a click. */
  test("a suspended context is told, resumed, and goes on at its sample", async () => {
    await openEngine(scene.page);
    await speak(scene.page, 1, tone(300, 2, AGENT_HZ));
    await pause(600);
    await withSound(scene.page, "suspend");
    await until("running sound", async () => (await devices(scene.page)).contexts[0] === "running");
    const { samples, rateHz } = await capturedToTheEnd(scene.page);
    const { playbacks } = await told(scene.page);
    const states = playbacks.map(({ state }) => state);
    const suspended = states.indexOf("suspended");

    expect(states.slice(suspended)).toContain("playing");
    expect(playbacks[suspended]?.played).toBeGreaterThan(0.2 * AGENT_HZ);
    expect(playbacks.at(-1)).toMatchObject({ turn: 1, played: 2 * AGENT_HZ, state: "idle" });
    expect(seams(samples, { rateHz, peak: 0.37, highestHz: 300, fadeS: 0.004 })).toEqual([]);
    expect(playbacks.map(({ played }) => played)).toEqual(
      playbacks.map(({ played }) => played).sort((a, b) => a - b),
    );
  });

  /** The visitor changes over to another microphone, and its predecessor is let go. */
  test("another microphone is used, and the default one when it is unplugged", async () => {
    await openEngine(scene.page);
    const ids = await deviceIds(scene.page, "audioinput");
    const other = ids.at(-1)!;
    await withSound(scene.page, "input", other);
    const switched = (await told(scene.page)).frames.length;
    await until("frames of the other", async () => (await told(scene.page)).frames.length > switched + 10);
    await withSound(scene.page, "unplug");
    await until("the default one", async () => (await told(scene.page)).changes.length === 2);
    const unplugged = (await told(scene.page)).frames.length;
    await until("frames of the default", async () => (await told(scene.page)).frames.length > unplugged + 10);
    const { changes, frames, problems } = await told(scene.page);

    expect(ids.length).toBeGreaterThan(1);
    // The page's word for the default device has no id, and so it gets lost on the way to the test.
    expect(changes.map(([kind, deviceId]) => [kind, deviceId ?? undefined])).toEqual([
      ["input", other],
      ["input", undefined],
    ]);
    expect((await devices(scene.page)).tracks).toEqual(["ended", "ended", "live"]);
    expect(new Set(frames)).toEqual(new Set([640]));
    expect(problems).toEqual([]);
  });

  /** Another loudspeaker plays on, and one that does not exist changes nothing. */
  test("another loudspeaker is used, and one that is gone is a problem", async () => {
    await openEngine(scene.page);
    await speak(scene.page, 1, tone(300, 2, AGENT_HZ));
    const other = (await deviceIds(scene.page, "audiooutput")).at(-1)!;
    await withSound(scene.page, "output", other);
    await withSound(scene.page, "output", "gone");
    await capturedToTheEnd(scene.page);
    const { changes, playbacks, problems } = await told(scene.page);

    expect(changes).toEqual([["output", other]]);
    expect(problems.map((problem) => problem.split(":")[0])).toEqual(["playback_device"]);
    expect(playbacks.at(-1)).toMatchObject({ turn: 1, played: 2 * AGENT_HZ, state: "idle" });
  });
});
