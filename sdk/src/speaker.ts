import type { Browser } from "./browser.js";
import type { AgentFrame, Playback } from "./sound.js";
import {
  PLAYBACK_PROCESSOR,
  type PlaybackCommand,
  type PlaybackOptions,
  type PlaybackReport,
} from "./worklets/messages.js";

/** Unplayed audio that is kept, in seconds; a server that keeps to the wire stays far below. */
const CAPACITY_S = 60;

/** Commands that are kept before the worklet is ready; the server sends 20 to 100 ms in each frame. */
const MOST_EARLY = 600;

/** From the worklet to the ear where the browser is not asked, in seconds; Firefox on PulseAudio has 23 to 46 ms. */
const USUAL_LATENCY_S = 0.03;

/** A change of the output's latency that is worth telling to the worklet, in seconds. */
const LATENCY_STEP_S = 0.005;

export interface SpeakerListener {
  playback(playback: Playback): void;
  /** Loudness of the agent from 0 to 1, twenty times a second while the output runs. */
  level(level: number): void;
  problem(code: string, message: string): void;
}

/** The agent's voice, from samples to the loudspeaker. */
export class Speaker {
  readonly #browser: Browser;
  readonly #context: AudioContext;
  readonly #listener: SpeakerListener;
  #node: AudioWorkletNode | undefined;
  /** What was said before the worklet was ready; at most `MOST_EARLY`. */
  #early: PlaybackCommand[] = [];
  #playback: Playback = { turn: 0, played: 0, state: "idle" };
  #latencyS = 0;
  #volume = 1;
  #failed = false;
  #closed = false;

  constructor(browser: Browser, context: AudioContext, listener: SpeakerListener) {
    this.#browser = browser;
    this.#context = context;
    this.#listener = listener;
  }

  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    this.#volume = Math.min(1, Math.max(0, volume));
    this.#tell({ type: "set", volume: this.#volume });
  }

  /** Begins to play samples of `rateHz`, first those that came before. The worklet must be loaded. */
  start(rateHz: number): AudioWorkletNode | undefined {
    if (this.#closed) {
      return undefined;
    }
    const processorOptions: PlaybackOptions = { sourceRateHz: rateHz, capacityS: CAPACITY_S };
    const node = this.#browser.createWorkletNode(this.#context, PLAYBACK_PROCESSOR, {
      numberOfInputs: 0,
      numberOfOutputs: 1,
      outputChannelCount: [1],
      processorOptions,
    });
    this.#node = node;
    node.port.onmessage = ({ data }: MessageEvent<PlaybackReport>) => this.#receive(data);
    node.onprocessorerror = () => this.#restart(rateHz);
    node.connect(this.#context.destination);
    this.#tellLatency();
    for (const command of this.#early.splice(0)) {
      this.#tell(command);
    }
    if (!this.#isRunning) {
      this.report();
    }
    return node;
  }

  play(frame: AgentFrame): void {
    const { samples, turn } = frame;
    if (this.#node || this.#early.length < MOST_EARLY) {
      this.#tell({ type: "play", ...frame }, [samples.buffer]);
    } else if (!this.#closed) {
      this.#refuse(samples.length, turn);
    }
  }

  flush(turn: number): void {
    this.#tell({ type: "flush", turn });
    if (!this.#isRunning) {
      this.report();
    }
  }

  hold(): void {
    this.#tell({ type: "hold" });
  }

  release(): void {
    this.#tell({ type: "release" });
  }

  /** Has the position told: by the worklet, or, where the output does not run, from here. */
  report(): void {
    if (!this.#node || this.#closed) {
      return;
    }
    if (this.#isRunning) {
      this.#tell({ type: "report" });
    } else {
      this.#listener.level(0);
      this.#listener.playback({ ...this.#playback, state: "suspended" });
    }
  }

  /** Fades out and plays nothing more. */
  close(): void {
    this.#tell({ type: "flush", turn: Infinity });
    this.#closed = true;
    this.#early = [];
  }

  get #isRunning(): boolean {
    return this.#context.state === "running";
  }

  #receive(report: PlaybackReport): void {
    if (this.#closed) {
      return;
    }
    if (report.type === "dropped") {
      this.#refuse(report.droppedSamples, report.turn);
      return;
    }
    this.#playback = report.playback;
    if (report.isDue) {
      this.#listener.playback(report.playback);
    }
    if (report.level !== undefined) {
      this.#listener.level(report.level);
      this.#tellLatency();
    }
  }

  #tellLatency(): void {
    const latencyS = latencyOf(this.#context);
    if (Math.abs(latencyS - this.#latencyS) > LATENCY_STEP_S) {
      this.#latencyS = latencyS;
      this.#tell({ type: "set", latencyS });
    }
  }

  /** The audio thread gave the worklet up; what it held is gone, and what comes is played by another, once. */
  #restart(rateHz: number): void {
    this.#listener.problem("playback_failed", "the audio thread stopped playing");
    this.#node?.disconnect();
    this.#node = undefined;
    if (!this.#failed) {
      this.#failed = true;
      this.#latencyS = 0;
      this.#early = [{ type: "set", volume: this.#volume }];
      this.start(rateHz);
    }
  }

  #refuse(samples: number, turn: number): void {
    const text = `${samples} samples of agent audio (turn ${turn}) found no room and were dropped`;
    this.#listener.problem("playback_overflow", text);
  }

  #tell(command: PlaybackCommand, transfer: Transferable[] = []): void {
    if (this.#node) {
      this.#node.port.postMessage(command, transfer);
    } else if (!this.#closed && this.#early.length < MOST_EARLY) {
      this.#early.push(command);
    }
  }
}

/**
 * The time from the worklet to the ear in seconds, as far as the browser tells it.
 *
 * Firefox answers `outputLatency` by asking another process. While that process opens a device the answer may never
 * come, and the page stands still for ever (Firefox 153 with PulseAudio: half of all calls with a microphone). It is
 * known by its `baseLatency`, which is always 0; the others have a block of their own.
 */
function latencyOf(context: AudioContext): number {
  const { baseLatency } = context;
  return baseLatency > 0 ? baseLatency + (context.outputLatency || 0) : USUAL_LATENCY_S;
}
