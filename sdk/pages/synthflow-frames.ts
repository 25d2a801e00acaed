/** The microphone's frames as pages of the Synthflow wire send them. */
import { toInt16 } from "../src/pcm.js";

export const MICROPHONE_PROCESSOR = "synthflow-microphone";

/** Samples in a frame: 170.7 ms at 48 kHz. */
export const FRAME_SAMPLES = 8192;

/** Gathers blocks of the hardware into frames. */
export class Frames {
  #frame = new Int16Array(FRAME_SAMPLES);
  #filled = 0;
  readonly #onFrame: (frame: Int16Array<ArrayBuffer>) => void;

  /** @param onFrame Receives each full frame and owns it from then on. */
  constructor(onFrame: (frame: Int16Array<ArrayBuffer>) => void) {
    this.#onFrame = onFrame;
  }

  /** Takes one block of samples from -1 to 1. */
  push(block: Float32Array): void {
    for (const sample of block) {
      this.#frame[this.#filled] = toInt16(sample);
      this.#filled += 1;
      if (this.#filled === FRAME_SAMPLES) {
        const full = this.#frame;
        this.#frame = new Int16Array(FRAME_SAMPLES);
        this.#filled = 0;
        this.#onFrame(full);
      }
    }
  }
}
