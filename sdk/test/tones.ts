/** Test signals, and how to measure what became of them. */

/** A sine of amplitude 1, from -1 to 1. */
export function sine(frequencyHz: number, rateHz: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => Math.sin((2 * Math.PI * frequencyHz * index) / rateHz));
}

/** `signal` in blocks of `size`, as the audio thread delivers it. */
export function* blocksOf(signal: Float32Array, size: number): Generator<Float32Array> {
  for (let start = 0; start < signal.length; start += size) {
    yield signal.subarray(start, start + size);
  }
}

/** All parts in one array. */
export function joined(parts: readonly ArrayLike<number>[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Loudness in decibels relative to a sine of amplitude 1. */
export function decibels(signal: Float32Array): number {
  const power = signal.reduce((sum, sample) => sum + sample * sample, 0) / signal.length;
  return 10 * Math.log10(2 * power);
}

/** Loudness of one frequency in decibels relative to a sine of amplitude 1 (correlation under a Hann window). */
export function toneDecibels(signal: Float32Array, frequencyHz: number, rateHz: number): number {
  let real = 0;
  let imaginary = 0;
  let weight = 0;
  signal.forEach((sample, index) => {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / signal.length);
    const angle = (2 * Math.PI * frequencyHz * index) / rateHz;
    real += window * sample * Math.cos(angle);
    imaginary += window * sample * Math.sin(angle);
    weight += window;
  });
  return 20 * Math.log10((2 * Math.hypot(real, imaginary)) / weight);
}

/** The greatest step between neighbouring samples: what an ear hears as a click. */
export function greatestStep(signal: Float32Array): number {
  let greatest = 0;
  for (let index = 1; index < signal.length; index += 1) {
    greatest = Math.max(greatest, Math.abs(signal[index]! - signal[index - 1]!));
  }
  return greatest;
}
