/** The microphone of the test page of the Synthflow wire, on the audio thread. */
import { scope } from "../src/worklets/scope.js";
import { Frames, MICROPHONE_PROCESSOR } from "./synthflow-frames.js";

class MicrophoneProcessor extends scope.AudioWorkletProcessor {
  readonly #frames = new Frames((frame) => this.port.postMessage(frame, [frame.buffer]));

  process(inputs: Float32Array[][]): boolean {
    const block = inputs[0]?.[0];
    if (block) {
      this.#frames.push(block);
    }
    return true;
  }
}

scope.registerProcessor(MICROPHONE_PROCESSOR, MicrophoneProcessor);
