import { describe, expect, test } from "vitest";
import { Resampler } from "../src/resampler.js";
import { blocksOf, decibels, joined, sine, toneDecibels } from "./tones.js";

/** Resamples in blocks of 128, as the audio thread does. */
function resampled(signal: Float32Array, sourceHz: number, targetHz: number, size = 128): Float32Array {
  const resampler = new Resampler(sourceHz, targetHz);
  return joined([...blocksOf(signal, size)].map((block) => resampler.process(block).slice()));
}

/** Every pair of a hardware rate and a wire rate that occurs. */
const PAIRS: [number, number][] = [
  [48000, 24000],
  [48000, 16000],
  [48000, 8000],
  [44100, 24000],
  [44100, 16000],
  [48000, 22050],
  [48000, 44100],
  [96000, 16000],
  [16000, 24000],
  [24000, 48000],
  [24000, 44100],
  [8000, 48000],
];

describe.each(PAIRS)("%i Hz to %i Hz", (sourceHz, targetHz) => {
  const lowerHz = Math.min(sourceHz, targetHz);

  /** Two thirds of the lower band pass untouched: within a tenth of a decibel. */
  test("the pass band is flat", () => {
    for (const part of [0.02, 0.1, 0.25, 0.36]) {
      const frequencyHz = part * lowerHz;
      const out = resampled(sine(frequencyHz, sourceHz, sourceHz), sourceHz, targetHz).subarray(2000);

      expect(Math.abs(toneDecibels(out, frequencyHz, targetHz))).toBeLessThan(0.1);
    }
  });

  /** A long call keeps its length: what is missing is the filter's reach, the same after 1 s as after 5 s. */
  test("the length is exact however long the stream is", () => {
    const missing = [1, 5].map((seconds) => {
      const out = resampled(new Float32Array(seconds * sourceHz), sourceHz, targetHz);
      return seconds * targetHz - out.length;
    });

    expect(missing[0]).toBe(missing[1]);
    expect(missing[0]! / targetHz).toBeLessThan(0.0045);
  });

  /** The cut into blocks is invisible: any block size gives the same samples. */
  test("the block size does not matter", () => {
    const signal = sine(440, sourceHz, 10_000);

    expect(resampled(signal, sourceHz, targetHz, 1)).toEqual(resampled(signal, sourceHz, targetHz, 1000));
  });
});

/** What the target rate cannot hold must vanish instead of folding back into the speech band. */
test.each(PAIRS.filter(([sourceHz, targetHz]) => sourceHz > targetHz))(
  "%i Hz to %i Hz leaves no alias of frequencies above the new limit",
  (sourceHz, targetHz) => {
    for (const part of [0.505, 0.6, 0.75, 0.95].filter((part) => part * targetHz < sourceHz / 2)) {
      const out = resampled(sine(part * targetHz, sourceHz, sourceHz), sourceHz, targetHz).subarray(2000);

      expect(decibels(out)).toBeLessThan(-75);
    }
  },
);

/** Going up, the spectrum's mirror image must not be heard either. */
test.each(PAIRS.filter(([sourceHz, targetHz]) => sourceHz < targetHz))(
  "%i Hz to %i Hz leaves no mirror image",
  (sourceHz, targetHz) => {
    const frequencyHz = 0.2 * sourceHz;
    const out = resampled(sine(frequencyHz, sourceHz, sourceHz), sourceHz, targetHz).subarray(2000);

    expect(toneDecibels(out, sourceHz - frequencyHz, targetHz)).toBeLessThan(-75);
  },
);

/** The output lies on the input, without a shift: a page's latency is the look-ahead alone. */
test("a sine comes out in phase", () => {
  const out = resampled(sine(1000, 48000, 48000), 48000, 16000);
  const expected = sine(1000, 16000, out.length);
  const error = out.map((sample, index) => sample - expected[index]!).subarray(200);

  expect(decibels(error)).toBeLessThan(-70);
});

/** Equal rates copy. */
test("equal rates give back what came in", () => {
  const signal = sine(440, 24000, 500);

  expect(resampled(signal, 24000, 24000)).toEqual(signal);
});

/** After a reset nothing of the past is left. */
test("a reset forgets the past", () => {
  const resampler = new Resampler(48000, 16000);
  const signal = sine(440, 48000, 4800);
  const first = resampler.process(signal).slice();
  resampler.reset();

  expect(resampler.process(signal).slice()).toEqual(first);
});
