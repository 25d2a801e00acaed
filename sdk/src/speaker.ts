import type { Browser } from "./browser.js";
import { levelOf } from "./pcm.js";
import {
  PLAYBACK_PROCESSOR,
  type PlaybackCommand,
  type PlaybackOptions,
  type PlaybackReport,
} from "./worklets/messages.js";

/** Unplayed audio that is kept, in seconds; a server that keeps to the wire stays far below. */
const CAPACITY_S = 60;

/** Frames that are kept before the worklet is ready; the server sends 20 to 100 ms in each. */
const MOST_EARLY_FRAMES = 600;

/** Samples that the level is measured over: 21 ms at 48 kHz. */
const LEVEL_WINDOW = 1024;

/** The agent's voice, from samples to the loudspeaker. */
export class Speaker {
  readonly #browser: Browser;
  readonly #context: AudioContext;
  readonly #onDropped: (samples: number) => void;
  #node: AudioWorkletNode | undefined;
  #meter: AnalyserNode | undefined;
  readonly #window = new Float32Array(LEVEL_WINDOW);
  /** Audio that came before the worklet was ready; at most `MOST_EARLY_FRAMES`. */
  #early: Int16Array<ArrayBuffer>[] = [];
  #closed = false;

  /** @param onDropped Told how many samples found no room, when the server sends too far ahead. */
  constructor(browser: Browser, context: AudioContext, onDropped: (samples: number) => void) {
    this.#browser = browser;
    this.#context = context;
    this.#onDropped = onDropped;
  }

  /** Loudness of what is being played, from 0 to 1. */
  get level(): number {
    if (!this.#meter) {
      return 0;
    }
    this.#meter.getFloatTimeDomainData(this.#window);
    return levelOf(this.#window, 1);
  }

  /** Begins to play samples of `rateHz`, first those that came before. The worklet must be loaded. */
  start(rateHz: number): void {
    if (this.#closed) {
      return;
    }
    const processorOptions: PlaybackOptions = { sourceRateHz: rateHz, capacityS: CAPACITY_S };
    this.#node = this.#browser.createWorkletNode(this.#context, PLAYBACK_PROCESSOR, {
      numberOfInputs: 0,
      numberOfOutputs: 1,
      outputChannelCount: [1],
      processorOptions,
    });
    this.#node.port.onmessage = ({ data }: MessageEvent<PlaybackReport>) =>
      this.#onDropped(data.droppedSamples);
    this.#meter = this.#context.createAnalyser();
    this.#meter.fftSize = LEVEL_WINDOW;
    this.#node.connect(this.#meter);
    this.#meter.connect(this.#context.destination);
    const early = this.#early;
    this.#early = [];
    for (const samples of early) {
      this.play(samples);
    }
  }

  play(samples: Int16Array<ArrayBuffer>): void {
    if (this.#closed) {
      return;
    }
    if (this.#node) {
      this.#tell({ type: "play", samples }, [samples.buffer]);
    } else if (this.#early.length < MOST_EARLY_FRAMES) {
      this.#early.push(samples);
    } else {
      this.#onDropped(samples.length);
    }
  }

  /** Drops what has not been heard. */
  flush(): void {
    this.#early = [];
    this.#tell({ type: "flush" });
  }

  /** Fades out and plays nothing more. */
  close(): void {
    this.flush();
    this.#closed = true;
  }

  #tell(command: PlaybackCommand, transfer: Transferable[] = []): void {
    this.#node?.port.postMessage(command, transfer);
  }
}
