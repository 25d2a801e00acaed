/** The agent's voice on the audio thread: samples of the session in, blocks of the hardware out. */
import { PlaybackQueue } from "../playback-queue.js";
import {
  PLAYBACK_PROCESSOR,
  type PlaybackCommand,
  type PlaybackOptions,
  type PlaybackReport,
} from "./messages.js";
import { scope } from "./scope.js";

class PlaybackProcessor extends scope.AudioWorkletProcessor {
  readonly #queue: PlaybackQueue;

  constructor(options: AudioWorkletNodeOptions) {
    super(options);
    const { sourceRateHz, capacityS } = options.processorOptions as PlaybackOptions;
    this.#queue = new PlaybackQueue({ sourceRateHz, targetRateHz: scope.sampleRate, capacityS });
    this.port.onmessage = ({ data }: MessageEvent<PlaybackCommand>) => {
      switch (data.type) {
        case "play":
          this.#play(data.samples);
          break;
        case "flush":
          this.#queue.flush();
          break;
      }
    };
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const block = outputs[0]?.[0];
    if (block) {
      this.#queue.pull(block);
    }
    return true;
  }

  #play(samples: Int16Array): void {
    const droppedSamples = this.#queue.push(samples);
    if (droppedSamples > 0) {
      const report: PlaybackReport = { type: "dropped", droppedSamples };
      this.port.postMessage(report);
    }
  }
}

scope.registerProcessor(PLAYBACK_PROCESSOR, PlaybackProcessor);
