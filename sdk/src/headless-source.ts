/** The visitor's voice outside of browsers: from whatever records it to frames of the session. */
import { microphoneRequired, namedError } from "./errors.js";
import { Framer } from "./framer.js";
import { LevelMeter } from "./levels.js";

/** Where the visitor's voice comes from: a microphone, a file, a telephone line. */
export interface AudioSource {
  /** Of its samples, in Hz. */
  readonly rateHz: number;
  /**
   * Begins to record; returns what ends it.
   *
   * Rejects where there is nothing to record with: the cause of `Microphone access required`.
   */
  start(recording: Recording): (() => void) | Promise<() => void>;
}

/** What a source is told, and what it tells. */
export interface Recording {
  /** The microphone that was chosen, if one was. */
  readonly deviceId: string | undefined;
  /** Settles when the call takes samples; what comes before is dropped, as it was said to nobody. */
  readonly wanted: Promise<unknown>;
  /** Takes PCM16 mono in real time, in pieces of any length. */
  take(samples: Int16Array): void;
  /** The source has broken off. */
  lost(error: unknown): void;
}

/** How far a source that knows no time may run ahead of the clock, in milliseconds. */
const MOST_AHEAD_MS = 100;

/** Its samples are passed on in parts of this length, in seconds. */
const STEP_S = 0.02;

/**
 * A source that is iterated over. One that is faster than real time, such as a file, is slowed down to it.
 *
 * @param open Gives the pieces, PCM16 mono, anew for each time that the microphone is opened.
 */
export function iteratedSource(open: () => AsyncIterable<Int16Array>, rateHz: number): AudioSource {
  return {
    rateHz,
    start({ wanted, take, lost }) {
      const stopped = new AbortController();
      wanted
        .then(() => recite(open(), rateHz, take, stopped.signal))
        .catch((error: unknown) => (stopped.signal.aborted ? undefined : lost(error)));
      return () => stopped.abort();
    },
  };
}

async function recite(
  pieces: AsyncIterable<Int16Array>,
  rateHz: number,
  take: (samples: Int16Array) => void,
  stopped: AbortSignal,
): Promise<void> {
  const startedMs = performance.now();
  const step = Math.round(rateHz * STEP_S);
  let taken = 0;
  for await (const samples of pieces) {
    for (let at = 0; at < samples.length && !stopped.aborted; at += step) {
      const part = samples.subarray(at, at + step);
      take(part);
      taken += part.length;
      const aheadMs = (1000 * taken) / rateHz - (performance.now() - startedMs);
      if (aheadMs > MOST_AHEAD_MS) {
        await new Promise((resolve) => setTimeout(resolve, aheadMs));
      }
    }
    if (stopped.aborted) {
      return;
    }
  }
}

export interface RecorderListener {
  /** A frame of 40 ms at the rate of the session. */
  frame(samples: Int16Array<ArrayBuffer>): void;
  /** The source has broken off. */
  lost(): void;
}

/** Opens a source, changes it for another device, and makes frames of what it records. */
export class Recorder {
  readonly #source: AudioSource | undefined;
  readonly #listener: RecorderListener;
  readonly #meter = new LevelMeter();
  #framer: Framer | undefined;
  #isMuted = false;
  #stop: (() => void) | undefined;
  /** Counts the recordings, so that only the last one is heard. */
  #choice = 0;

  constructor(source: AudioSource | undefined, listener: RecorderListener) {
    this.#source = source;
    this.#listener = listener;
  }

  get muted(): boolean {
    return this.#isMuted;
  }

  set muted(muted: boolean) {
    this.#isMuted = muted;
    this.#framer?.reset();
    this.#meter.take();
  }

  /**
   * Records, and delivers frames once their rate is known; another device before it ends when this one runs.
   *
   * Rejects with `Microphone access required`.
   *
   * @param rateHz Of the frames.
   */
  async open(deviceId: string | undefined, rateHz: Promise<number>): Promise<void> {
    const source = this.#source;
    if (!source) {
      const text = "there is no source: give one to headlessPlatform(), or set autoCaptureMic to false";
      throw microphoneRequired(namedError("NotFoundError", text));
    }
    this.#choice += 1;
    const own = this.#choice;
    const isCurrent = (): boolean => own === this.#choice;
    const wanted = rateHz.then((rate) => this.#begin(source.rateHz, rate));
    let stop;
    try {
      stop = await source.start({
        deviceId,
        wanted,
        take: (samples) => {
          if (isCurrent()) {
            this.#take(samples);
          }
        },
        lost: () => {
          if (isCurrent()) {
            this.#listener.lost();
          }
        },
      });
    } catch (error) {
      throw microphoneRequired(error);
    }
    if (isCurrent()) {
      this.#stop?.();
      this.#stop = stop;
    } else {
      stop();
    }
  }

  /** Loudness from 0 to 1 since the last time. */
  takeLevel(): number {
    return this.#meter.take();
  }

  /** Lets go of the source, also of one that is still being opened. */
  close(): void {
    this.#choice += 1;
    this.#stop?.();
    this.#stop = undefined;
  }

  #begin(sourceRateHz: number, rateHz: number): void {
    this.#framer ??= new Framer(sourceRateHz, rateHz, (frame) => this.#listener.frame(frame));
  }

  #take(samples: Int16Array): void {
    if (!this.#isMuted && this.#framer) {
      const block = Float32Array.from(samples, (sample) => sample / 32768);
      this.#meter.push(block);
      this.#framer.push(block);
    }
  }
}
