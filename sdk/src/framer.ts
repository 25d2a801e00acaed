import { toInt16 } from "./pcm.js";
import { Resampler } from "./resampler.js";

/** Length of a microphone frame. Source: 40 ms is the AsyncAPI example and what the Python client sends. */
export const FRAME_S = 0.04;

/** Turns microphone blocks at the hardware's rate into frames of 40 ms at the session's rate. */
export class Framer {
  readonly #resampler: Resampler;
  readonly #onFrame: (frame: Int16Array<ArrayBuffer>) => void;
  /** Samples per frame. */
  readonly #length: number;
  /** The frame being filled; given away when full. */
  #frame: Int16Array<ArrayBuffer>;
  #filled = 0;

  /**
   * @param sourceRateHz Rate of the blocks, in Hz.
   * @param targetRateHz Rate of the frames, in Hz.
   * @param onFrame Receives each full frame and owns it from then on.
   */
  constructor(sourceRateHz: number, targetRateHz: number, onFrame: (frame: Int16Array<ArrayBuffer>) => void) {
    this.#resampler = new Resampler(sourceRateHz, targetRateHz);
    this.#onFrame = onFrame;
    this.#length = Math.round(targetRateHz * FRAME_S);
    this.#frame = new Int16Array(this.#length);
  }

  /** Takes one block of samples from -1 to 1. */
  push(block: Float32Array): void {
    for (const sample of this.#resampler.process(block)) {
      this.#frame[this.#filled] = toInt16(sample);
      this.#filled += 1;
      if (this.#filled === this.#length) {
        const full = this.#frame;
        this.#frame = new Int16Array(this.#length);
        this.#filled = 0;
        this.#onFrame(full);
      }
    }
  }

  /** Forgets the frame being filled: what was said before a pause does not open what is said after it. */
  reset(): void {
    this.#resampler.reset();
    this.#filled = 0;
  }
}
