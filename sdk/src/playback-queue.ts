import { Resampler } from "./resampler.js";

/**
 * The agent's voice between the socket and the loudspeaker: one ring of samples, read by the audio clock.
 *
 * Three rules keep it free of clicks and gaps:
 *
 * - The gain never jumps. It rises over 4 ms at a start and falls over the last 4 ms that are known,
 *   so an end of turn, an underrun and a flush all fade, and a late frame lifts the gain again.
 * - Playback starts once a small cushion has gathered, or once the cushion's time has passed.
 * - An underrun inside a turn doubles the cushion, a turn without one halves it: the delay is paid only
 *   where delivery is uneven.
 */

/** Fade at every start and stop, in seconds: long enough to hide an edge, too short to hear. */
const FADE_S = 0.004;

/** Least and most audio to gather before a start, in seconds. */
const CUSHION_LEAST_S = 0.04;
const CUSHION_MOST_S = 0.32;

/** A silence longer than this is the end of a turn; audio that comes sooner was late. In seconds. */
const TURN_GAP_S = 0.4;

/** Samples read from the ring at a time. */
const STEP = 64;

export interface PlaybackQueueOptions {
  /** Rate of the samples pushed, in Hz. */
  readonly sourceRateHz: number;
  /** Rate of the samples pulled, in Hz. */
  readonly targetRateHz: number;
  /** How much unplayed audio the ring holds, in seconds. */
  readonly capacityS: number;
}

export class PlaybackQueue {
  readonly #sourceRateHz: number;
  readonly #targetRateHz: number;
  readonly #resampler: Resampler;
  /** Length of a fade, in samples at the target rate. */
  readonly #fade: number;

  /** Unplayed samples at the source rate. */
  readonly #ring: Int16Array;
  #ringAt = 0;
  #ringCount = 0;
  readonly #step = new Float32Array(STEP);

  /** Samples at the target rate, ready to be played: a little more than one block. */
  #ready = new Float32Array(1024);
  #readyAt = 0;
  #readyCount = 0;

  #playing = false;
  /** Playing the last samples of a flushed turn: nothing may join them. */
  #flushing = false;
  #gain = 0;
  #cushionS = CUSHION_LEAST_S;
  /** Samples at the target rate since audio began to wait for the cushion. */
  #waited = 0;
  /** Samples at the target rate since the ring ran dry; infinite before the first turn and after a flush. */
  #dry = Number.POSITIVE_INFINITY;
  /** Whether delivery was late in the running turn. */
  #late = false;

  constructor({ sourceRateHz, targetRateHz, capacityS }: PlaybackQueueOptions) {
    this.#sourceRateHz = sourceRateHz;
    this.#targetRateHz = targetRateHz;
    this.#resampler = new Resampler(sourceRateHz, targetRateHz);
    this.#fade = Math.round(targetRateHz * FADE_S);
    this.#ring = new Int16Array(Math.ceil(sourceRateHz * capacityS));
  }

  /** Unplayed audio in the ring, in seconds. */
  get queuedS(): number {
    return this.#ringCount / this.#sourceRateHz;
  }

  /** Audio that is gathered before playback starts, in seconds. */
  get cushionS(): number {
    return this.#cushionS;
  }

  /**
   * Adds samples at the end.
   *
   * @returns How many samples found no room. The oldest audio stays: it is what the visitor hears next.
   */
  push(samples: Int16Array): number {
    const empty = this.#ringCount + this.#readyCount === 0;
    if (empty && !this.#playing && samples.length > 0) {
      this.#judgeDelivery();
    }
    const taken = Math.min(samples.length, this.#ring.length - this.#ringCount);
    const writeAt = (this.#ringAt + this.#ringCount) % this.#ring.length;
    const untilEnd = Math.min(taken, this.#ring.length - writeAt);
    this.#ring.set(samples.subarray(0, untilEnd), writeAt);
    this.#ring.set(samples.subarray(untilEnd, taken), 0);
    this.#ringCount += taken;
    return samples.length - taken;
  }

  /** Drops what has not been heard, except the few milliseconds that fade out. */
  flush(): void {
    this.#ringCount = 0;
    this.#resampler.reset();
    this.#readyCount = this.#playing ? Math.min(this.#readyCount, this.#fade) : 0;
    this.#flushing = this.#readyCount > 0;
    this.#dry = Number.POSITIVE_INFINITY;
  }

  /** Fills `output` with the next samples, from -1 to 1; silence where there are none. */
  pull(output: Float32Array): void {
    this.#prepare(output.length + this.#fade);
    if (!this.#playing && !this.#mayStart(output.length)) {
      output.fill(0);
      return;
    }
    this.#playing = true;
    for (let index = 0; index < output.length; index += 1) {
      if (this.#readyCount === 0) {
        this.#stop();
        this.#dry += output.length - index;
        output.fill(0, index);
        return;
      }
      this.#gain = Math.min(1, this.#gain + 1 / this.#fade, this.#readyCount / this.#fade);
      output[index] = this.#ready[this.#readyAt]! * this.#gain;
      this.#readyAt += 1;
      this.#readyCount -= 1;
    }
  }

  #stop(): void {
    this.#playing = false;
    this.#gain = 0;
    this.#waited = 0;
    // After a flush the next audio is a new turn, never a late frame.
    this.#dry = this.#flushing ? Number.POSITIVE_INFINITY : 0;
    this.#flushing = false;
  }

  /** The ring was empty and audio has come: late, or a new turn? */
  #judgeDelivery(): void {
    if (this.#dry < TURN_GAP_S * this.#targetRateHz) {
      this.#late = true;
      this.#cushionS = Math.min(CUSHION_MOST_S, 2 * this.#cushionS);
    } else {
      this.#cushionS = this.#late ? this.#cushionS : Math.max(CUSHION_LEAST_S, this.#cushionS / 2);
      this.#late = false;
      this.#resampler.reset();
    }
  }

  #mayStart(blockLength: number): boolean {
    if (this.#ringCount + this.#readyCount === 0) {
      this.#dry += blockLength;
      return false;
    }
    this.#waited += blockLength;
    const queuedS = this.queuedS + this.#readyCount / this.#targetRateHz;
    return queuedS >= this.#cushionS || this.#waited >= this.#cushionS * this.#targetRateHz;
  }

  /** Moves audio from the ring through the resampler until `count` samples are ready, or the ring is empty. */
  #prepare(count: number): void {
    if (this.#flushing || this.#readyCount >= count) {
      return;
    }
    this.#ready.copyWithin(0, this.#readyAt, this.#readyAt + this.#readyCount);
    this.#readyAt = 0;
    while (this.#readyCount < count && this.#ringCount > 0) {
      this.#append(this.#resampler.process(this.#takeStep()));
    }
  }

  #takeStep(): Float32Array {
    const count = Math.min(STEP, this.#ringCount);
    for (let index = 0; index < count; index += 1) {
      this.#step[index] = this.#ring[(this.#ringAt + index) % this.#ring.length]! / 32768;
    }
    this.#ringAt = (this.#ringAt + count) % this.#ring.length;
    this.#ringCount -= count;
    return this.#step.subarray(0, count);
  }

  #append(samples: Float32Array): void {
    const needed = this.#readyCount + samples.length;
    if (this.#ready.length < needed) {
      const larger = new Float32Array(2 * needed);
      larger.set(this.#ready.subarray(0, this.#readyCount));
      this.#ready = larger;
    }
    this.#ready.set(samples, this.#readyCount);
    this.#readyCount = needed;
  }
}
