/** The agent's voice outside of browsers: from the socket to whatever plays it, at the pace of the clock. */
import { LevelMeter } from "./levels.js";
import { toInt16 } from "./pcm.js";
import { PlaybackClock } from "./playback-clock.js";
import { PlaybackQueue } from "./playback-queue.js";
import type { AgentFrame, Playback } from "./sound.js";

/** Where the agent's voice goes: a loudspeaker, a file, a telephone line. */
export interface AudioSink {
  /**
   * Gets ready for samples at this rate; called again when the page chooses another device.
   *
   * Nothing is written before it resolves; where it rejects, so does `connect()`.
   */
  open?(rateHz: number, deviceId: string | undefined): void | Promise<void>;
  /** Takes PCM16 mono, to be played right behind what it has. The samples are the sink's own from then on. */
  write(samples: Int16Array<ArrayBuffer>): void;
  /** How much of what was written has not been heard yet, in seconds. Default: counted by the clock. */
  readonly pendingS?: number;
  /** Whether nothing can be played for now, such as during a phone call: the agent waits. */
  readonly isSuspended?: boolean;
  close?(): void;
}

/** Samples are moved in blocks of this length, in seconds. */
const BLOCK_S = 0.01;

/** A clock that has jumped further than this was asleep, in seconds. */
const MOST_JUMP_S = 1;

/** Unplayed audio that is kept, in seconds; a server that keeps to the wire stays far below. */
const CAPACITY_S = 60;

/** How fast the volume follows: it is 63 % there after so many seconds. */
const VOLUME_S = 0.015;

export interface PlayerOptions {
  readonly rateHz: number;
  readonly sink: AudioSink;
  /** How far the sink is kept ahead of the ear, in seconds. */
  readonly leadS: number;
  /** Milliseconds that only rise. */
  readonly now: () => number;
}

export interface PlayerListener {
  playback(playback: Playback): void;
  problem(code: string, message: string): void;
}

/**
 * Writes the agent's voice to a sink as fast as it is heard, and knows what of it has been heard.
 *
 * The sink is filled up to the lead at once, so a turn begins without delay; what it holds is all that is heard
 * after a hold or an interruption.
 */
export class HeadlessPlayer {
  volume = 1;
  readonly #sink: AudioSink;
  readonly #leadS: number;
  readonly #now: () => number;
  readonly #listener: PlayerListener;
  readonly #rateHz: number;
  readonly #queue: PlaybackQueue;
  readonly #clock: PlaybackClock;
  readonly #meter = new LevelMeter();
  readonly #block: Float32Array<ArrayBuffer>;
  /** Follows `volume` without a jump. */
  #gain = 1;
  #atMs: number;
  /** Written and not heard, in seconds. */
  #aheadS = 0;
  /** Time that has passed and is shorter than a block, in seconds. */
  #owedS = 0;
  #isSuspended = false;

  constructor({ rateHz, sink, leadS, now }: PlayerOptions, listener: PlayerListener) {
    this.#sink = sink;
    this.#leadS = leadS;
    this.#now = now;
    this.#listener = listener;
    this.#rateHz = rateHz;
    this.#queue = new PlaybackQueue({ sourceRateHz: rateHz, targetRateHz: rateHz, capacityS: CAPACITY_S });
    this.#clock = new PlaybackClock(rateHz);
    this.#block = new Float32Array(Math.round(rateHz * BLOCK_S));
    this.#atMs = now();
  }

  /** Whether the agent is being heard. */
  get isPlaying(): boolean {
    return !this.#isSuspended && this.#clock.heard.state === "playing";
  }

  /** Loudness from 0 to 1 since the last time. */
  takeLevel(): number {
    return this.#meter.take();
  }

  play(frame: AgentFrame): void {
    const dropped = this.#queue.push(frame);
    if (dropped > 0) {
      const text = `${dropped} samples of agent audio (turn ${frame.turn}) found no room and were dropped`;
      this.#listener.problem("playback_overflow", text);
    }
  }

  flush(turn: number): void {
    this.#queue.flush(turn);
    this.#clock.cut();
    this.report();
  }

  hold(): void {
    this.#queue.hold();
    this.#clock.cut();
  }

  release(): void {
    this.#queue.release();
  }

  /** Has the position told at once. */
  report(): void {
    if (this.#isSuspended) {
      this.#listener.playback({ ...this.#clock.heard, state: "suspended" });
    } else {
      this.#clock.ask();
      this.tick();
    }
  }

  /** Looks at the clock and does what is due; call it every few hundredths of a second. */
  tick(): void {
    const nowMs = this.#now();
    const passedS = Math.min(MOST_JUMP_S, (nowMs - this.#atMs) / 1000);
    this.#atMs = nowMs;
    if (this.#sink.isSuspended) {
      if (!this.#isSuspended) {
        this.#isSuspended = true;
        this.report();
      }
      return;
    }
    if (this.#isSuspended) {
      this.#isSuspended = false;
      this.#clock.ask();
    }
    this.#aheadS = this.#sink.pendingS ?? Math.max(0, this.#aheadS - passedS);
    this.#fill(passedS);
    this.#advance(0);
    if (this.#clock.takeDue()) {
      const { turn, played, state } = this.#clock.heard;
      this.#listener.playback({ turn, played, state });
    }
  }

  /** Writes what plays, up to the lead; time in which nothing plays passes for the queue too. */
  #fill(passedS: number): void {
    let silentS = passedS + this.#owedS;
    while (this.#aheadS < this.#leadS && (this.#queue.state === "playing" || silentS >= BLOCK_S)) {
      if (this.#pull()) {
        this.#write();
      } else {
        silentS -= BLOCK_S;
      }
    }
    this.#owedS = Math.min(silentS, BLOCK_S);
  }

  /** Moves the queue on by a block; says whether any of it sounds. */
  #pull(): boolean {
    const { state, turn, played } = this.#queue;
    this.#queue.pull(this.#block);
    const hasMoved = turn !== this.#queue.turn || played !== this.#queue.played;
    return state === "playing" || this.#queue.state === "playing" || hasMoved;
  }

  #write(): void {
    const share = 1 / (VOLUME_S * this.#rateHz);
    const samples = new Int16Array(this.#block.length);
    this.#block.forEach((sample, index) => {
      this.#gain += (this.volume - this.#gain) * share;
      samples[index] = toInt16((this.#block[index] = sample * this.#gain));
    });
    this.#meter.push(this.#block);
    this.#sink.write(samples);
    this.#aheadS += BLOCK_S;
    this.#advance(samples.length);
  }

  #advance(count: number): void {
    this.#clock.latencyS = this.#aheadS;
    this.#clock.advance(count, this.#queue, this.#queue.isFadingOut);
  }
}
