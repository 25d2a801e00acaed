import { expect, test } from "vitest";
import { decodeBase64, encodeBase64, levelOf, samplesOf, toInt16 } from "../src/pcm.js";

/** Bytes of every value, in a length that no chunk or base64 group divides. */
const BYTES = Uint8Array.from({ length: 100_001 }, (_, index) => (index * 31) & 0xff);

/** Base64 is that of RFC 4648, whatever the length. */
test.each([0, 1, 2, 3, 1920, 8192, 8193, 100_001])(
  "%i bytes become the base64 that others write",
  (length) => {
    const bytes = BYTES.subarray(0, length);

    expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
  },
);

/** Decoding is the inverse of encoding. */
test("base64 comes back as the bytes it was", () => {
  expect(decodeBase64(encodeBase64(BYTES))).toEqual(BYTES);
});

/** What is not base64 is an error, not noise. */
test("text that is not base64 throws", () => {
  expect(() => decodeBase64("§§§")).toThrow();
});

/** Samples are little-endian, and a torn frame loses its odd byte. */
test("bytes are read as little-endian samples without the odd last byte", () => {
  expect([...samplesOf(Uint8Array.of(0x01, 0x00, 0xfe, 0xff, 0x07))]).toEqual([1, -2]);
});

/** Full scale is clipped, never wrapped to the other sign. */
test.each([
  [0, 0],
  [0.5, 16384],
  [1, 32767],
  [1.7, 32767],
  [-1, -32768],
  [-1.7, -32768],
])("a sample of %d is %i in 16 bits", (sample, expected) => {
  expect(toInt16(sample)).toBe(expected);
});

/** The level is the root mean square: a square wave's is its height. */
test("the level of a square wave is its height", () => {
  const square = Int16Array.from({ length: 100 }, (_, index) => (index % 2 ? 8192 : -8192));

  expect(levelOf(square, 32768)).toBeCloseTo(0.25, 6);
});

/** No samples have no loudness. */
test("the level of nothing is silence", () => {
  expect(levelOf(new Int16Array(0), 32768)).toBe(0);
});
