import { NumberedRing } from "./numbered-ring.js";
import { Resampler } from "./resampler.js";
import type { AgentFrame, PlaybackState } from "./sound.js";

/**
 * The agent's voice between the socket and the loudspeaker: one ring of samples, read by the audio clock.
 *
 * Four rules keep it free of clicks and gaps:
 *
 * - The gain never jumps. It rises over 4 ms at a start and falls over the last 4 ms that are known, so an end of
 *   turn, an underrun, a flush and a joint of two turns all fade, and a late frame lifts the gain again.
 * - Playback starts once a small cushion has gathered, or once the cushion's time has passed.
 * - An underrun inside a turn doubles the cushion, a turn without one halves it: the delay is paid only
 *   where delivery is uneven.
 * - A hold stops between two samples: the next one is played after the release, and none twice.
 */

/** Fade at every start and stop, in seconds: long enough to hide an edge, too short to hear. */
const FADE_S = 0.004;

/** Fade before a hold, in seconds: a voice that is lowered, not cut. */
const HOLD_FADE_S = 0.02;

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
  /** Length of the fades at starts and stops, in seconds. */
  readonly fadeS?: number;
}

export class PlaybackQueue {
  readonly #sourceRateHz: number;
  readonly #targetRateHz: number;
  readonly #resampler: Resampler;
  /** Lengths of the fades, in samples at the target rate. */
  readonly #fade: number;
  readonly #holdFade: number;

  /** Unplayed samples at the source rate. */
  readonly #ring: NumberedRing;
  readonly #step = new Float32Array(STEP);

  /** Samples at the target rate, ready to be played: a little more than one block. */
  #ready = new Float32Array(1024);
  #readyAt = 0;
  #readyCount = 0;
  /** Samples at the target rate that were played of the ring's run. */
  #out = 0;

  #turn = 0;
  #played = 0;

  #playing = false;
  #holding = false;
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

  constructor({ sourceRateHz, targetRateHz, capacityS, fadeS = FADE_S }: PlaybackQueueOptions) {
    this.#sourceRateHz = sourceRateHz;
    this.#targetRateHz = targetRateHz;
    this.#resampler = new Resampler(sourceRateHz, targetRateHz);
    this.#fade = Math.max(1, Math.round(targetRateHz * fadeS));
    this.#holdFade = Math.max(1, Math.round((targetRateHz * fadeS * HOLD_FADE_S) / FADE_S));
    this.#ring = new NumberedRing(Math.ceil(sourceRateHz * capacityS));
  }

  /** Unplayed audio in the ring, in seconds. */
  get queuedS(): number {
    return this.#ring.count / this.#sourceRateHz;
  }

  /** Audio that is gathered before playback starts, in seconds. */
  get cushionS(): number {
    return this.#cushionS;
  }

  /** The turn that is being played, or was played last; 0 before the first. */
  get turn(): number {
    return this.#turn;
  }

  /** How many samples of the turn have been played, at the source rate. */
  get played(): number {
    return this.#played;
  }

  get state(): Exclude<PlaybackState, "suspended"> {
    if (this.#holding && (!this.#playing || this.#gain === 0)) {
      return "held";
    }
    return this.#playing ? "playing" : "idle";
  }

  /** Whether a hold or a flush is still fading out. */
  get isFadingOut(): boolean {
    return this.#flushing || (this.#holding && this.#playing && this.#gain > 0);
  }

  /**
   * Adds samples at the end.
   *
   * @returns How many samples found no room. The oldest audio stays: it is what the visitor hears next.
   */
  push(frame: AgentFrame): number {
    const wasEmpty = !this.#playing && this.#ring.count + this.#readyCount === 0;
    const refused = this.#ring.push(frame);
    if (wasEmpty && this.#ring.count > 0) {
      this.#judgeDelivery();
    }
    return refused;
  }

  /** Drops what has not been heard of this turn and of older ones, except the few milliseconds that fade out. */
  flush(turn: number): void {
    this.#ring.drop(turn);
    const { run } = this.#ring;
    if (run && run.turn > turn) {
      return;
    }
    this.#holding = false;
    this.#readyCount = Math.min(this.#readyCount, Math.ceil(this.#gain * this.#fade));
    this.#flushing = this.#playing && this.#readyCount > 0;
    if (!this.#flushing) {
      this.#stop();
    }
    this.#dry = Number.POSITIVE_INFINITY;
  }

  /** Fades out and stops; what has not been heard stays. */
  hold(): void {
    this.#holding = true;
  }

  /** Fades in from the sample at which the hold stopped. */
  release(): void {
    this.#holding = false;
  }

  /** Fills `output` with the next samples, from -1 to 1; silence where there are none. */
  pull(output: Float32Array): void {
    let index = 0;
    while (index < output.length && this.#mayPlay(output.length - index)) {
      index = this.#play(output, index);
    }
    output.fill(0, index);
    this.#count();
  }

  /** Plays until the block is full, the ready samples are gone, or the hold has faded out. */
  #play(output: Float32Array, from: number): number {
    const change = this.#holding ? -1 / this.#holdFade : 1 / this.#fade;
    let index = from;
    for (; index < output.length && this.#readyCount > 0; index += 1) {
      this.#gain = Math.min(1, Math.max(0, this.#gain + change), this.#readyCount / this.#fade);
      if (this.#gain === 0) {
        return index;
      }
      output[index] = this.#ready[this.#readyAt]! * this.#gain;
      this.#readyAt += 1;
      this.#readyCount -= 1;
      this.#out += 1;
    }
    if (this.#readyCount === 0) {
      this.#count();
      const { run } = this.#ring;
      if (run && !this.#flushing) {
        // The last samples are still in the resampler, where the fade has left nothing of them to hear.
        this.#played = run.start + run.length;
      }
      this.#stop();
    }
    return index;
  }

  /** Whether there is anything to play now; `count` samples are silent if there is not. */
  #mayPlay(count: number): boolean {
    if (!this.#playing) {
      this.#enterNextRun();
    }
    this.#prepare(count + this.#fade);
    if (this.state === "held") {
      this.#dry += this.#playing ? 0 : count;
      return false;
    }
    this.#playing ||= this.#mayStart(count);
    return this.#playing && this.#readyCount > 0;
  }

  #stop(): void {
    this.#playing = false;
    this.#gain = 0;
    this.#waited = 0;
    // After a flush the next audio is a new turn, never a late frame.
    this.#dry = this.#flushing ? Number.POSITIVE_INFINITY : 0;
    this.#flushing = false;
  }

  /** What follows a hole, or belongs to another turn, begins like any start. */
  #enterNextRun(): void {
    if (this.#readyCount === 0 && this.#ring.isRead && this.#ring.next()) {
      this.#resampler.reset();
      this.#out = 0;
    }
  }

  /** Keeps the position: sample k of the output lies at k·source/target of the run. */
  #count(): void {
    const { run } = this.#ring;
    if (run && this.#out > 0) {
      const through = Math.floor((this.#out * this.#sourceRateHz) / this.#targetRateHz + 1e-6);
      const played = run.start + Math.min(run.read, through);
      this.#played = run.turn === this.#turn ? Math.max(this.#played, played) : played;
      this.#turn = run.turn;
    }
  }

  /** The ring was empty and audio has come: late, or a new turn? */
  #judgeDelivery(): void {
    if (this.#dry < TURN_GAP_S * this.#targetRateHz) {
      this.#late = true;
      this.#cushionS = Math.min(CUSHION_MOST_S, 2 * this.#cushionS);
    } else {
      this.#cushionS = this.#late ? this.#cushionS : Math.max(CUSHION_LEAST_S, this.#cushionS / 2);
      this.#late = false;
    }
  }

  #mayStart(blockLength: number): boolean {
    if (this.#ring.count + this.#readyCount === 0) {
      this.#dry += blockLength;
      return false;
    }
    this.#waited += blockLength;
    const queuedS = this.queuedS + this.#readyCount / this.#targetRateHz;
    return queuedS >= this.#cushionS || this.#waited >= this.#cushionS * this.#targetRateHz;
  }

  /** Moves audio of the run through the resampler until `count` samples are ready, or the run is read. */
  #prepare(count: number): void {
    if (this.#flushing || this.#readyCount >= count) {
      return;
    }
    this.#ready.copyWithin(0, this.#readyAt, this.#readyAt + this.#readyCount);
    this.#readyAt = 0;
    while (this.#readyCount < count && !this.#ring.isRead) {
      const taken = this.#ring.take(this.#step);
      this.#append(this.#resampler.process(this.#step.subarray(0, taken)));
    }
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
