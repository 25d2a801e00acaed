/** The microphone on the audio thread: hardware blocks in, frames of 40 ms out. */
import { Framer } from "../framer.js";
import { HalfDuplexGate } from "../half-duplex.js";
import { LevelMeter } from "../levels.js";
import {
  CAPTURE_PROCESSOR,
  type CaptureCommand,
  type CaptureOptions,
  type CaptureReport,
} from "./messages.js";
import { scope } from "./scope.js";

/** How often the level is told, in seconds. */
const LEVEL_S = 0.05;

class CaptureProcessor extends scope.AudioWorkletProcessor {
  readonly #framer: Framer;
  readonly #gate: HalfDuplexGate;
  readonly #meter = new LevelMeter();
  #block = new Float32Array(128);
  #sinceLevel = 0;
  #muted = false;
  #hasToldEcho = false;

  constructor(options: AudioWorkletNodeOptions) {
    super(options);
    const { targetRateHz, halfDuplex } = options.processorOptions as CaptureOptions;
    this.#gate = new HalfDuplexGate(halfDuplex, scope.sampleRate);
    this.#framer = new Framer(scope.sampleRate, targetRateHz, (frame) => this.#tell(frame, [frame.buffer]));
    this.port.onmessage = ({ data }: MessageEvent<CaptureCommand>) => {
      this.#muted = data.muted;
      this.#framer.reset();
      this.#meter.take();
    };
  }

  process([microphone, agent]: Float32Array[][]): boolean {
    const input = microphone?.[0];
    if (input && !this.#muted) {
      this.#capture(input, agent?.[0]);
    }
    return true;
  }

  #capture(input: Float32Array, agent: Float32Array | undefined): void {
    if (this.#block.length !== input.length) {
      this.#block = new Float32Array(input.length);
    }
    // The input belongs to the browser, and other nodes may hear it too.
    this.#block.set(input);
    this.#meter.push(input);
    this.#gate.process(this.#block, agent);
    this.#framer.push(this.#block);
    this.#sinceLevel += input.length;
    if (this.#sinceLevel >= LEVEL_S * scope.sampleRate) {
      this.#sinceLevel = 0;
      this.#tell({ type: "level", level: this.#meter.take() });
    }
    if (this.#gate.isEcho && !this.#hasToldEcho) {
      this.#hasToldEcho = true;
      this.#tell({ type: "echo" });
    }
  }

  #tell(report: CaptureReport, transfer: Transferable[] = []): void {
    this.port.postMessage(report, transfer);
  }
}

scope.registerProcessor(CAPTURE_PROCESSOR, CaptureProcessor);
