import { connectionFailed } from "./errors.js";
import { HeadlessPlayer, type AudioSink } from "./headless-player.js";
import { Recorder, type AudioSource } from "./headless-source.js";
import type { SoundOptions } from "./platform.js";
import type { AgentFrame, Rates, Sound, SoundListener } from "./sound.js";

/** How often the clock is looked at, in milliseconds. */
const TICK_MS = 25;

/** Levels are told with every second look: twenty times a second. */
const LEVEL_TICKS = 2;

/** How long the room rings after the agent, in milliseconds. */
const AFTER_MS = 200;

/** Orders that are kept before the sink is open; the server sends 20 to 100 ms in each frame. */
const MOST_EARLY = 600;

/** What sound outside of browsers is made of. */
export interface SoundParts {
  readonly source: AudioSource | undefined;
  readonly sink: AudioSink;
  readonly leadS: number;
  /** Milliseconds that only rise. */
  readonly now: () => number;
  /** Calls `act` again and again; returns what ends that. */
  readonly every: (ms: number, act: () => void) => () => void;
}

/** Both voices of a call on an injected source and sink. */
export class HeadlessSound implements Sound {
  inputLevel = 0;
  outputLevel = 0;
  readonly #options: SoundOptions;
  readonly #listener: SoundListener;
  readonly #parts: SoundParts;
  readonly #recorder: Recorder;
  #player: HeadlessPlayer | undefined;
  /** What is to be done as soon as there is a player; at most `MOST_EARLY`. */
  #early: ((player: HeadlessPlayer) => void)[] = [];
  #rates: Promise<Rates> | undefined;
  #agentRateHz = 0;
  #inputDeviceId: string | undefined;
  #outputDeviceId: string | undefined;
  /** The microphone that is open, or being opened. */
  #recording: Promise<void> | undefined;
  #volume = 1;
  /** When the agent was last heard. */
  #heardAtMs = -Infinity;
  #ticks = 0;
  #stopTicking: () => void = () => undefined;
  #isClosed = false;

  constructor(options: SoundOptions, listener: SoundListener, parts: SoundParts) {
    this.#options = options;
    this.#listener = listener;
    this.#parts = parts;
    this.#inputDeviceId = options.captureDeviceId;
    this.#outputDeviceId = options.playbackDeviceId;
    this.#recorder = new Recorder(parts.source, {
      frame: (samples) => this.#hear(samples),
      lost: () => {
        this.#recording = undefined;
        listener.problem("microphone_lost", "the source of the visitor's voice has broken off");
      },
    });
  }

  get muted(): boolean {
    return this.#recorder.muted;
  }

  set muted(muted: boolean) {
    this.#recorder.muted = muted;
  }

  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    this.#volume = Math.min(1, Math.max(0, volume));
    if (this.#player) {
      this.#player.volume = this.#volume;
    }
  }

  async open(rates: Promise<Rates>): Promise<void> {
    this.#rates = rates;
    const microphone = this.#options.autoCaptureMic ? this.startMicrophone() : undefined;
    await Promise.all([this.#openSink(rates), microphone]);
  }

  /** May be called again after a refusal; while the microphone runs, nothing happens. */
  startMicrophone(): Promise<void> {
    return (this.#recording ??= this.#recorder
      .open(this.#inputDeviceId, this.#microphoneRateHz())
      .catch((error: unknown) => {
        this.#recording = undefined;
        throw error;
      }));
  }

  async setInputDevice(deviceId: string | undefined): Promise<void> {
    if (this.#recording && !this.#isClosed) {
      await this.#recorder.open(deviceId, this.#microphoneRateHz());
      this.#listener.deviceChanged("input", deviceId);
    }
    this.#inputDeviceId = deviceId;
  }

  async setOutputDevice(deviceId: string | undefined): Promise<void> {
    if (this.#player && !this.#isClosed) {
      try {
        await this.#parts.sink.open?.(this.#agentRateHz, deviceId);
      } catch {
        const text = "the chosen loudspeaker cannot be used: the one before stays";
        this.#listener.problem("playback_device", text);
        return;
      }
      this.#listener.deviceChanged("output", deviceId);
    }
    this.#outputDeviceId = deviceId;
  }

  play(frame: AgentFrame): void {
    if (!this.#player && this.#early.length >= MOST_EARLY) {
      const text = `${frame.samples.length} samples of agent audio (turn ${frame.turn}) came before the sink was open`;
      this.#listener.problem("playback_overflow", text);
    }
    this.#do((player) => player.play(frame));
  }

  flush(turn: number): void {
    this.#do((player) => player.flush(turn));
  }

  hold(): void {
    this.#do((player) => player.hold());
  }

  release(): void {
    this.#do((player) => player.release());
  }

  reportPlayback(): void {
    this.#player?.report();
  }

  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#stopTicking();
      this.#recorder.close();
      this.#early = [];
      this.#parts.sink.close?.();
      this.inputLevel = this.outputLevel = 0;
    }
  }

  async #openSink(rates: Promise<Rates>): Promise<void> {
    const { agentRateHz } = await rates;
    const { sink, leadS, now, every } = this.#parts;
    try {
      await sink.open?.(agentRateHz, this.#outputDeviceId);
    } catch (error) {
      throw connectionFailed(error);
    }
    if (this.#isClosed) {
      sink.close?.();
      return;
    }
    const player = new HeadlessPlayer({ rateHz: agentRateHz, sink, leadS, now }, this.#listener);
    this.#agentRateHz = agentRateHz;
    this.#player = player;
    player.volume = this.#volume;
    for (const order of this.#early.splice(0)) {
      order(player);
    }
    this.#stopTicking = every(TICK_MS, () => this.#tick(player));
    // The greeting waits for the word that the output runs.
    player.report();
  }

  /** For ever open where the call never was. */
  async #microphoneRateHz(): Promise<number> {
    return (await (this.#rates ?? new Promise<Rates>(() => undefined))).microphoneRateHz;
  }

  #do(order: (player: HeadlessPlayer) => void): void {
    if (this.#isClosed) {
      return;
    }
    if (this.#player) {
      order(this.#player);
    } else if (this.#early.length < MOST_EARLY) {
      this.#early.push(order);
    }
  }

  #tick(player: HeadlessPlayer): void {
    player.tick();
    if (player.isPlaying) {
      this.#heardAtMs = this.#parts.now();
    }
    this.#ticks += 1;
    if (this.#ticks % LEVEL_TICKS === 0) {
      this.inputLevel = this.#recorder.takeLevel();
      this.outputLevel = player.takeLevel();
      this.#listener.levels(this.inputLevel, this.outputLevel);
    }
  }

  /** Without a loudspeaker's own echo canceller, a microphone that is open while the agent talks hears it. */
  #hear(samples: Int16Array<ArrayBuffer>): void {
    const isHeard = this.#parts.now() - this.#heardAtMs < AFTER_MS;
    this.#listener.frame(this.#options.halfDuplex === "on" && isHeard ? samples.fill(0) : samples);
  }
}
