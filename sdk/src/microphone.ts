import type { Browser } from "./browser.js";
import { constraintsFor, isGone, stopTracks } from "./devices.js";
import { microphoneRequired } from "./errors.js";
import type { HalfDuplex } from "./half-duplex.js";
import {
  CAPTURE_PROCESSOR,
  type CaptureCommand,
  type CaptureOptions,
  type CaptureReport,
} from "./worklets/messages.js";

export interface MicrophoneListener {
  /** A frame of 40 ms at the rate of `start()`. */
  frame(samples: Int16Array<ArrayBuffer>): void;
  /** The microphone hears the agent, and is silenced while it does. */
  echo(): void;
  /** Another device is in use. */
  changed(deviceId: string | undefined): void;
  /** The device is gone and no other could be opened. */
  lost(error: unknown): void;
}

export interface MicrophoneOptions {
  readonly halfDuplex: HalfDuplex;
  /** Loads the worklet into a context. */
  readonly load: (context: AudioContext) => Promise<void>;
}

/** The visitor's microphone, from the permission prompt to frames. */
export class Microphone {
  /** Loudness from 0 to 1; 0 while muted. */
  level = 0;
  readonly #browser: Browser;
  readonly #context: AudioContext;
  readonly #options: MicrophoneOptions;
  readonly #listener: MicrophoneListener;
  #rateHz: number | undefined;
  #agent: AudioNode | undefined;
  #stream: MediaStream | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #node: AudioWorkletNode | undefined;
  /** A context for the microphone alone, where it cannot share the call's. */
  #own: AudioContext | undefined;
  /** The rates that the graph was built for. */
  #rates = "";
  #muted = false;
  #failed = false;
  #lost = false;
  #stopped = false;
  /** Counts the devices that were asked for, so that the last one stays. */
  #choice = 0;

  constructor(
    browser: Browser,
    context: AudioContext,
    options: MicrophoneOptions,
    listener: MicrophoneListener,
  ) {
    this.#browser = browser;
    this.#context = context;
    this.#options = options;
    this.#listener = listener;
  }

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    this.level = 0;
    this.#tellMuted();
    this.#silenceTracks();
  }

  /** The agent as it is played: what an echo is measured against. */
  set agent(agent: AudioNode) {
    this.#agent = agent;
    this.#hearAgent();
  }

  /**
   * Asks for the microphone; the one before is let go when this one is open.
   *
   * Rejects with `Microphone access required`; the `cause` is the browser's own error.
   */
  async open(deviceId: string | undefined): Promise<void> {
    this.#choice += 1;
    const own = this.#choice;
    let stream;
    try {
      stream = await this.#browser.openMicrophone(constraintsFor(deviceId));
    } catch (error) {
      throw microphoneRequired(error);
    }
    // The call may be over by now, or another device chosen.
    if (this.#stopped || own !== this.#choice) {
      stopTracks(stream);
      return;
    }
    this.#drop();
    this.#lost = false;
    this.#stream = stream;
    this.#silenceTracks();
    // An unplugged device ends its track: go on with the default one.
    for (const track of stream.getAudioTracks()) {
      track.onended = () => void this.#replace();
    }
    await this.#join();
  }

  /** Begins to deliver frames at `rateHz`. The worklet must be loaded and the microphone open. */
  async start(rateHz: number): Promise<void> {
    this.#rateHz = rateHz;
    await this.#join();
  }

  /** Looks after the device when devices have come or gone, or the hardware has changed its rate. */
  async check(devices: readonly MediaDeviceInfo[]): Promise<void> {
    const id = this.#stream?.getAudioTracks()[0]?.getSettings().deviceId;
    if (this.#lost || (id && isGone(devices, "audioinput", id))) {
      await this.#replace();
    } else if (this.#source && this.#rates !== this.#currentRates()) {
      await this.#join();
    }
  }

  /** Releases the device, also when the prompt is still open. */
  stop(): void {
    this.#stopped = true;
    this.#drop();
    this.#node?.disconnect();
    this.#closeOwn();
  }

  #currentRates(): string {
    return `${this.#context.sampleRate} ${this.#stream?.getAudioTracks()[0]?.getSettings().sampleRate}`;
  }

  /** Joins the device to the worklet, as soon as both are there. */
  async #join(): Promise<void> {
    if (!this.#stream || !this.#rateHz || this.#stopped) {
      return;
    }
    this.#source?.disconnect();
    try {
      this.#connect(this.#context);
      this.#closeOwn();
    } catch (error) {
      await this.#joinApart(error);
    }
  }

  /**
   * Firefox refuses to join a device to a context of another rate: it then gets a context of its own rate.
   *
   * The agent is not heard there, so there is no half duplex.
   */
  async #joinApart(reason: unknown): Promise<void> {
    this.#closeOwn();
    const own = (this.#own = this.#browser.openAudio());
    try {
      own.resume().catch(() => undefined);
      await this.#options.load(own);
      if (!this.#stopped) {
        this.#connect(own);
      }
    } catch {
      this.#closeOwn();
      throw microphoneRequired(reason);
    }
  }

  /** The worklet stays where it can: no sample is lost between two devices that the context hears alike. */
  #connect(context: AudioContext): void {
    const source = context.createMediaStreamSource(this.#stream!);
    if (this.#node?.context !== context || !this.#rates.startsWith(`${context.sampleRate} `)) {
      this.#makeNode(context);
    }
    this.#source = source;
    source.connect(this.#node!);
    this.#rates = this.#currentRates();
  }

  #makeNode(context: AudioContext): void {
    if (this.#node) {
      // What it has still to say would come after the first frames of its successor.
      this.#node.port.onmessage = null;
      this.#node.disconnect();
    }
    const processorOptions: CaptureOptions = {
      targetRateHz: this.#rateHz!,
      halfDuplex: this.#options.halfDuplex,
    };
    const node = this.#browser.createWorkletNode(context, CAPTURE_PROCESSOR, {
      numberOfInputs: 2,
      numberOfOutputs: 1,
      outputChannelCount: [1],
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions,
    });
    this.#node = node;
    node.port.onmessage = ({ data }: MessageEvent<CaptureReport>) => this.#receive(data);
    node.onprocessorerror = () => void this.#rebuild();
    this.#tellMuted();
    // The node's output is silence. Without a way to the loudspeaker some browsers never run it.
    node.connect(context.destination);
    this.#hearAgent();
  }

  #hearAgent(): void {
    if (this.#agent && this.#node?.context === this.#agent.context) {
      this.#agent.connect(this.#node, 0, 1);
    }
  }

  /** The audio thread gave the worklet up: another one takes its place, once. */
  async #rebuild(): Promise<void> {
    this.#node?.disconnect();
    this.#node = undefined;
    if (this.#failed) {
      this.#drop();
      this.#listener.lost(new Error("the audio thread stopped recording"));
    } else {
      this.#failed = true;
      await this.#join().catch((error: unknown) => this.#lose(error));
    }
  }

  async #replace(): Promise<void> {
    this.#drop();
    try {
      await this.open(undefined);
      if (this.#stream) {
        this.#listener.changed(undefined);
      }
    } catch (error) {
      this.#lose(error);
    }
  }

  #lose(error: unknown): void {
    this.#drop();
    if (!this.#stopped && !this.#lost) {
      // The next device that is plugged in is taken.
      this.#lost = true;
      this.#listener.lost(error);
    }
  }

  #receive(report: CaptureReport): void {
    // A frame may have been on its way when the visitor muted.
    if (this.#muted || this.#stopped) {
      return;
    }
    if (report instanceof Int16Array) {
      this.#listener.frame(report);
    } else if (report.type === "level") {
      this.level = report.level;
    } else {
      this.#listener.echo();
    }
  }

  #silenceTracks(): void {
    for (const track of this.#stream?.getAudioTracks() ?? []) {
      track.enabled = !this.#muted;
    }
  }

  #drop(): void {
    this.level = 0;
    this.#source?.disconnect();
    this.#source = undefined;
    if (this.#stream) {
      stopTracks(this.#stream);
      this.#stream = undefined;
    }
  }

  #closeOwn(): void {
    void this.#own?.close();
    this.#own = undefined;
  }

  #tellMuted(): void {
    const command: CaptureCommand = { type: "mute", muted: this.#muted };
    this.#node?.port.postMessage(command);
  }
}
