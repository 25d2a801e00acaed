import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Captions } from "../src/captions.js";
import type { PlaybackState } from "../src/sound.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const RATE_HZ = 1000;

interface Play {
  readonly captions: Captions;
  /** The words that were told, and when, in milliseconds. */
  readonly told: [text: string, atMs: number][];
  at(turn: number, playedS: number, state?: PlaybackState): void;
}

function play(): Play {
  const startMs = performance.now();
  const told: Play["told"] = [];
  const now = (): number => performance.now();
  const captions = new Captions(RATE_HZ, now, ({ text }) => told.push([text, Math.round(now() - startMs)]));
  return {
    captions,
    told,
    at: (turn, playedS, state = "playing") =>
      captions.move({ turn, played: Math.round(playedS * RATE_HZ), state }),
  };
}

/** Words that begin at these times, in seconds: a, b, c … */
const words = (...starts: number[]): { text: string; start: number; end: number }[] =>
  starts.map((start, index) => ({ text: "abcdefg"[index]!, start, end: start + 0.1 }));

/** Plays on for a while, with a report every 250 ms. */
function playOn({ at }: Play, turn: number, fromS: number, forS: number): void {
  for (let atS = fromS; atS < fromS + forS; atS += 0.25) {
    at(turn, atS);
    vi.advanceTimersByTime(250);
  }
}

/** Between the reports the clock goes on, so that no word waits for the next one. */
test("each word is told when its sound is reached", () => {
  const made = play();
  made.captions.add(1, 0, words(0, 0.125, 0.375, 0.625));
  playOn(made, 1, 0, 1);

  expect(made.told).toEqual([
    ["a", 0],
    ["b", 125],
    ["c", 375],
    ["d", 625],
  ]);
});

/** Audio and words come ahead of the sound. */
test("no word is told before playback has begun", () => {
  const made = play();
  made.captions.add(1, 0, words(0, 0.1));
  vi.advanceTimersByTime(5000);

  expect(made.told).toEqual([]);
});

/** A report is not trusted for longer than the next one may take. */
test("without reports the words stop", () => {
  const made = play();
  made.captions.add(1, 0, words(0, 0.2, 0.4));
  made.at(1, 0);
  vi.advanceTimersByTime(5000);

  expect(made.told).toEqual([
    ["a", 0],
    ["b", 200],
  ]);
});

/** The sound stands still, and so do the words. */
test.each(["held", "suspended", "idle"] as const)("no word is told while playback is %s", (state) => {
  const made = play();
  made.captions.add(1, 0, words(0, 0.2));
  made.at(1, 0.1, state);
  vi.advanceTimersByTime(5000);
  made.captions.add(1, 2, words(0.25));

  expect(made.told).toEqual([["a", 0]]);
});

/** Estimated times are told again when they are known better. */
test("corrected times replace those before, and no word is told twice", () => {
  const made = play();
  made.captions.add(1, 0, words(0, 0.3, 0.6));
  playOn(made, 1, 0, 0.5);
  made.captions.add(1, 1, words(0.375, 0.875));
  playOn(made, 1, 0.5, 1);

  expect(made.told).toEqual([
    ["a", 0],
    ["b", 300],
    ["b", 875],
  ]);
});

/** Words that come late are told at once. */
test("words that come after their sound are told when they come", () => {
  const made = play();
  made.at(1, 1);
  made.captions.add(1, 0, words(0.2, 0.4));

  expect(made.told.map(([text]) => text)).toEqual(["a", "b"]);
});

/** The last words of a turn must not be lost between two reports. */
test("a turn that another follows has been heard to its end", () => {
  const made = play();
  made.captions.add(1, 0, words(0, 0.2));
  made.at(1, 0.1);
  made.captions.add(2, 0, words(0, 9));
  made.at(2, 0);

  expect(made.told.map(([text]) => text)).toEqual(["a", "b", "a"]);
});

/** What was not heard is not shown. */
test("a turn that is cut tells no more words, late ones included", () => {
  const made = play();
  made.captions.add(1, 0, words(0, 0.2));
  made.at(1, 0.1);
  made.captions.cut(1);
  made.captions.add(1, 1, words(0.05));
  made.at(1, 0.15, "idle");
  made.at(2, 0);
  vi.advanceTimersByTime(1000);

  expect(made.told.map(([text]) => text)).toEqual(["a"]);
});

/** A page that has hung up draws nothing more. */
test("after the end no word is told", () => {
  const made = play();
  made.captions.add(1, 0, words(0, 0.2));
  made.at(1, 0);
  made.captions.stop();
  made.captions.add(1, 2, words(0.1));
  vi.advanceTimersByTime(1000);

  expect(made.told.map(([text]) => text)).toEqual(["a"]);
  expect(vi.getTimerCount()).toBe(0);
});
