import { expect, test } from "vitest";
import { PlaybackClock } from "../src/playback-clock.js";
import type { Playback } from "../src/sound.js";

const RATE_HZ = 48000;
const BLOCK = 128;

const playing = (played: number, turn = 1): Playback => ({ turn, played, state: "playing" });
const idle = (played: number, turn = 1): Playback => ({ turn, played, state: "idle" });

/** What is told in `seconds` during which `stand` gives the position after so many samples. */
function told(clock: PlaybackClock, seconds: number, stand: (samples: number) => Playback): Playback[] {
  const reports: Playback[] = [];
  for (let samples = BLOCK; samples <= seconds * RATE_HZ; samples += BLOCK) {
    clock.advance(BLOCK, stand(samples), false);
    if (clock.takeDue()) {
      const { turn, played, state } = clock.heard;
      reports.push({ turn, played, state });
    }
  }
  return reports;
}

/** The wire asks for four reports a second: five leave room for a busy page. */
test("a moving position is told five times a second", () => {
  expect(told(new PlaybackClock(RATE_HZ), 2, playing).length).toBe(10);
});

/** Nothing moves, nothing is told, but the beginning: the output runs. */
test("silence is told once", () => {
  expect(told(new PlaybackClock(RATE_HZ), 2, () => idle(0, 0))).toEqual([idle(0, 0)]);
});

/** What has left the worklet is on its way for as long as the browser says. */
test("the position is what has been heard, not what has been put out", () => {
  const clock = new PlaybackClock(RATE_HZ);
  clock.latencyS = 0.1;
  told(clock, 1, playing);

  expect(Math.abs(clock.heard.played - 0.9 * RATE_HZ)).toBeLessThanOrEqual(BLOCK);
});

/** The end of a turn is told when it is heard, and then at once. */
test("an end is told when it is heard", () => {
  const clock = new PlaybackClock(RATE_HZ);
  clock.latencyS = 0.1;
  told(clock, 0.5, playing);
  const reports = told(clock, 0.2, () => idle(24000));

  expect(reports.at(-1)).toEqual(idle(24000));
  expect(reports.filter(({ state }) => state === "idle").length).toBe(1);
  expect(told(clock, 1, () => idle(24000))).toEqual([]);
});

/** A hold or a flush settles what will be heard, so nobody has to wait for the latency. */
test("a cut is told at once, and as soon as it has faded out", () => {
  const clock = new PlaybackClock(RATE_HZ);
  clock.latencyS = 0.2;
  told(clock, 0.5, playing);
  clock.cut();
  clock.advance(BLOCK, playing(24100), true);
  const early = clock.takeDue();
  clock.advance(BLOCK, { turn: 1, played: 24200, state: "held" }, false);

  expect(early).toBe(false);
  expect(clock.takeDue()).toBe(true);
  expect(clock.heard).toMatchObject({ turn: 1, played: 24200, state: "held" });
});

/** After a cut the past does not come back: positions only rise. */
test("positions never go back, whatever the latency does", () => {
  const clock = new PlaybackClock(RATE_HZ);
  const heard: number[] = [];
  for (let block = 1; block < 1000; block += 1) {
    clock.latencyS = block % 200 < 100 ? 0.02 : 0.3;
    if (block === 500) {
      clock.cut();
    }
    clock.advance(BLOCK, playing(block * BLOCK), false);
    heard.push(clock.heard.played);
  }

  expect(heard).toEqual([...heard].sort((a, b) => a - b));
  expect(heard.at(-1)).toBeGreaterThan(880 * BLOCK);
});

/** Whoever asks is answered with the next block. */
test("a question is answered once", () => {
  const clock = new PlaybackClock(RATE_HZ);
  told(clock, 0.1, () => idle(5));
  clock.ask();

  expect(told(clock, 0.5, () => idle(5))).toEqual([idle(5)]);
});

/** Meters move smoothly at this pace. */
test("levels are due twenty times a second", () => {
  const clock = new PlaybackClock(RATE_HZ);
  let due = 0;
  for (let samples = 0; samples < 2 * RATE_HZ; samples += BLOCK) {
    clock.advance(BLOCK, idle(0), false);
    due += clock.takeLevelDue() ? 1 : 0;
  }

  expect(Math.abs(due - 40)).toBeLessThanOrEqual(1);
});
