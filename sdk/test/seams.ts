/** Finds clicks: jumps in captured sound that neither its content nor a fade explains. */

export interface Expected {
  readonly rateHz: number;
  /** The loudest sample and the highest tone of the content. */
  readonly peak: number;
  readonly highestHz: number;
  /** The shortest fade. */
  readonly fadeS: number;
}

/** Room for the corners of two fades that meet, and for the ringing of a filter. */
const TOLERANCE = 1.5;

/**
 * How much a line through two samples may miss the third.
 *
 * A tone of the angular step w bends by peak·w² at most. A fade over n samples bends where it begins and ends,
 * by peak/n, and twice that where one fade meets another.
 */
export function allowedBend({ rateHz, peak, highestHz, fadeS }: Expected): number {
  const step = (2 * Math.PI * highestHz) / rateHz;
  return TOLERANCE * peak * (step * step + 2 / (fadeS * rateHz));
}

/** Where the sound jumps, in samples. */
export function seams(signal: Float32Array, expected: Expected): number[] {
  const allowed = allowedBend(expected);
  const found: number[] = [];
  for (let index = 2; index < signal.length; index += 1) {
    const bend = signal[index]! - 2 * signal[index - 1]! + signal[index - 2]!;
    if (Math.abs(bend) > allowed) {
      found.push(index);
    }
  }
  return found;
}
