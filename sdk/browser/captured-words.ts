/** Finds words in captured sound, by the ear alone: where it is loud, where it dips, and how high it is. */
import type { Captured } from "./engine-scene.js";

/** Silence as long as this is a gap in the delivery: between two hums it is shorter. In seconds. */
const GAP_S = 0.004;

/** The envelope looks at so much at a time: longer than a period of the lowest hum. In seconds. */
const WINDOW_S = 0.004;

/** Below this share of the loudest, the sound dips. */
const DIP = 0.4;

/** A word, in seconds of the audio context. */
export interface Sounding {
  readonly fromS: number;
  readonly toS: number;
}

/** The stretches of loud sound between pauses of at least `pauseS`; `loudest` is the peak that still counts as silence. */
export function loudStretches(
  { samples, rateHz, from }: Captured,
  pauseS: number,
  loudest: number,
): Sounding[] {
  const found: [number, number][] = [];
  samples.forEach((sample, index) => {
    if (Math.abs(sample) > loudest) {
      const last = found.at(-1);
      if (last && index - last[1] < pauseS * rateHz) {
        last[1] = index;
      } else {
        found.push([index, index]);
      }
    }
  });
  return found.map(([first, last]) => ({ fromS: (from + first) / rateHz, toS: (from + last) / rateHz }));
}

/** Sound from which the gaps have been taken. */
export interface Joined {
  readonly samples: Float32Array;
  readonly rateHz: number;
  /** Where a piece begins, in samples of the joined sound, and in samples of the context. */
  readonly pieces: readonly (readonly [at: number, captured: number])[];
}

/** Takes the gaps out: what is left has been played, each sample once. */
export function joined({ samples, rateHz, from }: Captured): Joined {
  const pieces: [number, number][] = [];
  const kept: Float32Array[] = [];
  let length = 0;
  for (const { fromS, toS } of loudStretches({ samples, rateHz, from }, GAP_S, 0)) {
    const first = Math.round(fromS * rateHz);
    const piece = samples.subarray(first - from, Math.round(toS * rateHz) - from + 1);
    pieces.push([length, first]);
    kept.push(piece);
    length += piece.length;
  }
  const whole = new Float32Array(length);
  kept.forEach((piece, index) => whole.set(piece, pieces[index]![0]));
  return { samples: whole, rateHz, pieces };
}

/** When the sample of this number in the joined sound was put out, in seconds of the context. */
export function playedAtS({ pieces, rateHz }: Joined, at: number): number {
  const [start, captured] = pieces.filter(([begin]) => begin <= at).at(-1)!;
  return (captured + at - start) / rateHz;
}

/** Where the joined sound rises out of a dip, in samples: its beginning, and that of every hum behind another. */
export function rises({ samples, rateHz }: Joined): number[] {
  const half = Math.round((WINDOW_S * rateHz) / 2);
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const found: number[] = [0];
  let dip: number | undefined;
  for (let at = half; at < samples.length - half; at += 1) {
    let loudest = 0;
    for (let near = at - half; near <= at + half; near += 1) {
      loudest = Math.max(loudest, Math.abs(samples[near]!));
    }
    if (loudest < DIP * peak) {
      dip ??= at;
    } else if (dip !== undefined) {
      // The fades are alike: one word has ended and the other begun in the middle.
      if (dip > half) {
        found.push(Math.round((dip + at) / 2));
      }
      dip = undefined;
    }
  }
  return found;
}

/** The pitch of a hum in Hz, by the first and the last of its rises through zero. */
export function pitchHz(samples: Float32Array, rateHz: number): number {
  const crossings: number[] = [];
  for (let index = 1; index < samples.length; index += 1) {
    const [before, after] = [samples[index - 1]!, samples[index]!];
    if (before < 0 && after >= 0) {
      crossings.push(index - after / (after - before));
    }
  }
  return ((crossings.length - 1) * rateHz) / (crossings.at(-1)! - crossings[0]!);
}

/** The middle one. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
