import type { CaptionWord } from "./protocol.js";
import type { Playback } from "./sound.js";

/** How far a report of playback is trusted without the next one, in milliseconds: they come every 250. */
const TRUST_MS = 300;

/** A word of the agent that the visitor hears now. */
export interface Caption {
  turn: number;
  /** Which word of the turn it is, from 0. */
  index: number;
  text: string;
  /** In seconds of the turn's audio. */
  start: number;
  end: number;
}

/** Words of a turn, and how many of them have been heard. */
interface Spoken {
  readonly words: CaptionWord[];
  heard: number;
}

/**
 * Tells each word of the agent when it is heard: once, and not before its time.
 *
 * Between two reports the position goes on with the clock; where it is wrong, the next report says so at once.
 */
export class Captions {
  readonly #rateHz: number;
  readonly #now: () => number;
  readonly #tell: (caption: Caption) => void;
  /** Of the turn that is being played and of later ones. */
  readonly #turns = new Map<number, Spoken>();
  #at: Playback = { turn: 0, played: 0, state: "idle" };
  #atMs = 0;
  /** Nothing more of this turn and of older ones will be heard. */
  #cut = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param rateHz Of the agent's voice.
   * @param now Milliseconds that only rise.
   */
  constructor(rateHz: number, now: () => number, tell: (caption: Caption) => void) {
    this.#rateHz = rateHz;
    this.#now = now;
    this.#tell = tell;
  }

  /** Takes the words of a turn from number `first` on, in place of those that were told before. */
  add(turn: number, first: number, words: readonly CaptionWord[]): void {
    if (turn < this.#at.turn || turn <= this.#cut) {
      return;
    }
    const spoken = this.#turns.get(turn) ?? { words: [], heard: 0 };
    this.#turns.set(turn, spoken);
    spoken.words.splice(first, Infinity, ...words);
    this.#advance();
  }

  /** Takes a report of playback. */
  move(playback: Playback): void {
    for (const [turn, spoken] of this.#turns) {
      // A turn that another one follows without having been cut has been heard to its end.
      if (turn < playback.turn) {
        this.#fire(turn, spoken, Infinity);
        this.#turns.delete(turn);
      }
    }
    this.#at = playback;
    this.#atMs = this.#now();
    this.#advance();
  }

  /** Tells no more words of this turn and of older ones. */
  cut(turn: number): void {
    this.#cut = Math.max(this.#cut, turn);
    for (const old of this.#turns.keys()) {
      if (old <= turn) {
        this.#turns.delete(old);
      }
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#turns.clear();
    this.#cut = Infinity;
  }

  #advance(): void {
    clearTimeout(this.#timer);
    const { turn, played, state } = this.#at;
    const spoken = this.#turns.get(turn);
    if (!spoken) {
      return;
    }
    const sinceMs = state === "playing" ? this.#now() - this.#atMs : 0;
    const atS = played / this.#rateHz + Math.min(sinceMs, TRUST_MS) / 1000;
    this.#fire(turn, spoken, atS);
    const next = spoken.words[spoken.heard];
    if (next && state === "playing" && sinceMs < TRUST_MS) {
      // Rounded up, so that the word's time has come when the timer rings.
      this.#timer = setTimeout(() => this.#advance(), Math.max(1, Math.ceil(1000 * (next.start - atS))));
    }
  }

  #fire(turn: number, spoken: Spoken, atS: number): void {
    let word;
    while ((word = spoken.words[spoken.heard]) && word.start <= atS) {
      const index = spoken.heard;
      spoken.heard += 1;
      this.#tell({ turn, index, ...word });
    }
  }
}
