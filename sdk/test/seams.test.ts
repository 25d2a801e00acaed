import { expect, test } from "vitest";
import { allowedBend, seams } from "./seams.js";
import { sine } from "./tones.js";

const EXPECTED = { rateHz: 48000, peak: 1, highestHz: 300, fadeS: 0.004 };

/** A tone has no seam. */
test("a tone is smooth", () => {
  expect(seams(sine(300, 48000, 48000), EXPECTED)).toEqual([]);
});

/** A fade of the shortest length allowed is no click. */
test("a fade is smooth", () => {
  const tone = sine(300, 48000, 4800).map((sample, index) => sample * Math.min(1, index / 192));

  expect(seams(tone, EXPECTED)).toEqual([]);
});

/** A tone that is cut, or goes on in another phase, clicks where it moves fast. */
test.each([
  ["an abrupt end", (tone: Float32Array) => tone.fill(0, 1050)],
  ["a jump of phase", (tone: Float32Array) => tone.copyWithin(1000, 1100)],
  ["a part that is left out", (tone: Float32Array) => tone.copyWithin(1000, 1050)],
])("%s is found", (_, spoil) => {
  const tone = spoil(sine(300, 48000, 4800));

  expect(seams(tone, EXPECTED).length).toBeGreaterThan(0);
});

/** What is found is small: far below the loudness of speech. */
test("a jump of two hundredths of the peak is found", () => {
  expect(allowedBend(EXPECTED)).toBeLessThan(0.02);
});
