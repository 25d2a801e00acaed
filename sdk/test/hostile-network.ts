/** A server that speaks in turns, a network that delivers them badly, and an ear, all in simulated time. */
import { PlaybackQueue } from "../src/playback-queue.js";
import type { AgentFrame } from "../src/sound.js";

export const SOURCE_HZ = 24000;
export const TARGET_HZ = 48000;
export const PEAK = 0.5;
export const HIGHEST_HZ = 300;

/** Seconds of a block of the audio thread. */
export const BLOCK_S = 128 / TARGET_HZ;

const FRAME_S = 0.02;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Weather {
  /** How far ahead of real time the server sends, in seconds. */
  readonly leadS: number;
  /** Most that the network adds to a frame's way, in seconds; frames keep their order. */
  readonly jitterS: number;
  /** How often in a second the network stands still, and for how long. */
  readonly stallsPerS?: number;
  readonly stallS?: number;
}

interface Delivery extends AgentFrame {
  readonly atS: number;
}

/** A turn of `seconds` that the server begins to send at `atS`: when each of its frames arrives. */
export function* deliveries(
  turn: number,
  seconds: number,
  atS: number,
  { leadS, jitterS, stallsPerS = 0, stallS = 0 }: Weather,
  random: () => number,
): Generator<Delivery> {
  const length = FRAME_S * SOURCE_HZ;
  const frequencyHz = 150 + 150 * random();
  const phase = 2 * Math.PI * random();
  let arrived = atS;
  for (let start = 0; start < seconds * SOURCE_HZ; start += length) {
    const sentS = atS + Math.max(0, start / SOURCE_HZ - leadS);
    const stall = random() < stallsPerS * FRAME_S ? stallS : 0;
    // One frame that is late holds up all that follow, as TCP does.
    arrived = Math.max(arrived, sentS + jitterS * random() + stall);
    const samples = Int16Array.from(
      { length },
      (_, index) =>
        32768 * PEAK * Math.sin(phase + (2 * Math.PI * frequencyHz * (start + index)) / SOURCE_HZ),
    );
    yield { turn, start, samples, atS: arrived };
  }
}

/** A queue, its ear, and the clock of both. */
export class Ear {
  readonly queue: PlaybackQueue;
  nowS = 0;
  readonly #block = new Float32Array(128);
  readonly #rateHz: number;

  constructor({ rateHz = TARGET_HZ, ...more }: { rateHz?: number; fadeS?: number } = {}) {
    this.#rateHz = rateHz;
    this.queue = new PlaybackQueue({
      sourceRateHz: SOURCE_HZ,
      targetRateHz: rateHz,
      capacityS: 60,
      ...more,
    });
  }

  /** The next block; a view that is valid until the next call. */
  hear(): Float32Array {
    this.queue.pull(this.#block);
    this.nowS += 128 / this.#rateHz;
    return this.#block;
  }
}
