/** The microphone on the audio thread: hardware blocks in, frames of 40 ms out. */
import { Framer } from "../framer.js";
import { CAPTURE_PROCESSOR, type CaptureCommand, type CaptureOptions } from "./messages.js";
import { scope } from "./scope.js";

class CaptureProcessor extends scope.AudioWorkletProcessor {
  readonly #framer: Framer;
  #muted = false;

  constructor(options: AudioWorkletNodeOptions) {
    super(options);
    const { targetRateHz } = options.processorOptions as CaptureOptions;
    this.#framer = new Framer(scope.sampleRate, targetRateHz, (frame) => {
      this.port.postMessage(frame, [frame.buffer]);
    });
    this.port.onmessage = ({ data }: MessageEvent<CaptureCommand>) => {
      this.#muted = data.muted;
      this.#framer.reset();
    };
  }

  process(inputs: Float32Array[][]): boolean {
    const block = inputs[0]?.[0];
    if (block && !this.#muted) {
      this.#framer.push(block);
    }
    return true;
  }
}

scope.registerProcessor(CAPTURE_PROCESSOR, CaptureProcessor);
