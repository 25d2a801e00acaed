/** The agent's voice on the audio thread: samples of the session in, blocks of the hardware out. */
import { LevelMeter } from "../levels.js";
import { PlaybackClock } from "../playback-clock.js";
import { PlaybackQueue } from "../playback-queue.js";
import {
  PLAYBACK_PROCESSOR,
  type PlaybackCommand,
  type PlaybackOptions,
  type PlaybackReport,
} from "./messages.js";
import { scope } from "./scope.js";

/** How fast the volume follows: it is 63 % there after so many seconds. */
const VOLUME_S = 0.015;

class PlaybackProcessor extends scope.AudioWorkletProcessor {
  readonly #queue: PlaybackQueue;
  readonly #clock = new PlaybackClock(scope.sampleRate);
  readonly #meter = new LevelMeter();
  #volume = 1;
  #aim = 1;

  constructor(options: AudioWorkletNodeOptions) {
    super(options);
    const { sourceRateHz, capacityS } = options.processorOptions as PlaybackOptions;
    this.#queue = new PlaybackQueue({ sourceRateHz, targetRateHz: scope.sampleRate, capacityS });
    this.port.onmessage = ({ data }: MessageEvent<PlaybackCommand>) => this.#obey(data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const block = outputs[0]?.[0];
    if (block) {
      this.#queue.pull(block);
      this.#weigh(block);
      this.#meter.push(block);
      this.#clock.advance(block.length, this.#queue, this.#queue.isFadingOut);
      this.#report();
    }
    return true;
  }

  #obey(command: PlaybackCommand): void {
    switch (command.type) {
      case "play":
        this.#play(command);
        break;
      case "flush":
        this.#queue.flush(command.turn);
        this.#clock.cut();
        break;
      case "hold":
        this.#queue.hold();
        this.#clock.cut();
        break;
      case "release":
        this.#queue.release();
        break;
      case "report":
        this.#clock.ask();
        break;
      case "set":
        this.#aim = command.volume ?? this.#aim;
        this.#clock.latencyS = command.latencyS ?? this.#clock.latencyS;
        break;
    }
  }

  #play(frame: Extract<PlaybackCommand, { type: "play" }>): void {
    const droppedSamples = this.#queue.push(frame);
    if (droppedSamples > 0) {
      this.#tell({ type: "dropped", turn: frame.turn, droppedSamples });
    }
  }

  #weigh(block: Float32Array): void {
    const share = 1 / (VOLUME_S * scope.sampleRate);
    for (let index = 0; index < block.length; index += 1) {
      this.#volume += (this.#aim - this.#volume) * share;
      block[index] = block[index]! * this.#volume;
    }
  }

  #report(): void {
    const isDue = this.#clock.takeDue();
    const isLevelDue = this.#clock.takeLevelDue();
    if (isDue || isLevelDue) {
      const { turn, played, state } = this.#clock.heard;
      const level = isLevelDue ? this.#meter.take() : undefined;
      this.#tell({ type: "playback", playback: { turn, played, state }, isDue, level });
    }
  }

  #tell(report: PlaybackReport): void {
    this.port.postMessage(report);
  }
}

scope.registerProcessor(PLAYBACK_PROCESSOR, PlaybackProcessor);
