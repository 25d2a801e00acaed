import type { Playback } from "./sound.js";

/** How often levels are told, in seconds. */
const LEVEL_S = 0.05;

/** How often the position is told while it moves, in seconds: the wire asks for four times a second at least. */
const TELL_S = 0.2;

/** Positions that are on their way to the loudspeaker: 1.3 s of blocks at 48 kHz. */
const MOST_ON_THE_WAY = 512;

interface Stand extends Playback {
  /** When it left the worklet, in samples of the context. */
  readonly at: number;
}

/**
 * Knows what has been heard, and when to tell it.
 *
 * What the worklet puts out is heard later, by the latency of the output. So positions are kept for that long,
 * except after a flush or a hold: what has left the worklet by then will be heard, and is told at once.
 */
export class PlaybackClock {
  /** Between the worklet and the ear, in seconds. */
  latencyS = 0;
  readonly #rateHz: number;
  #now = 0;
  #onTheWay: Stand[] = [];
  #heard: Playback = { turn: 0, played: 0, state: "idle" };
  /** What was told last, and when. */
  #told: Playback | undefined;
  #toldAt = 0;
  #levelAt = 0;
  #isAsked = false;
  #isCut = false;

  /** @param rateHz Of the audio context. */
  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  get heard(): Playback {
    return this.#heard;
  }

  /** Has the position told with the next block. */
  ask(): void {
    this.#isAsked = true;
  }

  /** Has the position told as soon as a hold or a flush has faded out, without the latency. */
  cut(): void {
    this.#isCut = true;
  }

  /** Takes the position after a block of `count` samples. */
  advance(count: number, { turn, played, state }: Playback, isFadingOut: boolean): void {
    this.#now += count;
    const stand: Stand = { at: this.#now, turn, played, state };
    if (this.#isCut && !isFadingOut) {
      this.#isCut = false;
      this.#isAsked = true;
      this.#onTheWay = [];
      this.#heard = stand;
      return;
    }
    this.#onTheWay.push(stand);
    const heardUntil = this.#now - this.latencyS * this.#rateHz;
    let reached = 0;
    while ((this.#onTheWay[reached]?.at ?? Infinity) <= heardUntil) {
      reached += 1;
    }
    reached = Math.max(reached, this.#onTheWay.length - MOST_ON_THE_WAY);
    this.#heard = this.#onTheWay.splice(0, reached).at(-1) ?? this.#heard;
  }

  /** Whether the position is to be told now; if so, it counts as told. */
  takeDue(): boolean {
    const { turn, state } = this.#heard;
    const changed = this.#told?.turn !== turn || this.#told.state !== state;
    const late = state === "playing" && this.#now - this.#toldAt >= TELL_S * this.#rateHz;
    if (!changed && !late && !this.#isAsked) {
      return false;
    }
    this.#isAsked = false;
    this.#told = this.#heard;
    this.#toldAt = this.#now;
    return true;
  }

  /** Whether the level is to be told now; if so, it counts as told. */
  takeLevelDue(): boolean {
    if (this.#now - this.#levelAt < LEVEL_S * this.#rateHz) {
      return false;
    }
    this.#levelAt = this.#now;
    return true;
  }
}
