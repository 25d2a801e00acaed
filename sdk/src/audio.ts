import type { Browser } from "./browser.js";
import { isGone } from "./devices.js";
import { connectionFailed, microphoneRequired, namedError } from "./errors.js";
import type { HalfDuplex } from "./half-duplex.js";
import { Microphone } from "./microphone.js";
import type { AgentFrame, Rates, Sound, SoundListener } from "./sound.js";
import { Speaker } from "./speaker.js";
import { keepAwake, keepRunning, prime } from "./unlock.js";
import { loadWorklet, type WorkletName, type WorkletPlaces } from "./worklets/load.js";

export type { HalfDuplex } from "./half-duplex.js";

/** How long the loudspeaker may take to fade out before its context is closed, in milliseconds. */
const FADE_OUT_MS = 50;

export interface AudioOptions {
  /** `false`: the microphone is opened by `startMicrophone()`, if at all. */
  readonly autoCaptureMic: boolean;
  readonly captureDeviceId: string | undefined;
  readonly playbackDeviceId: string | undefined;
  /** Default `auto`. */
  readonly halfDuplex?: HalfDuplex | undefined;
  /** Where the worklet files are. */
  readonly places: WorkletPlaces;
}

/** Opens the browser's sound: call it inside the visitor's gesture. */
export const openSound = (browser: Browser, options: AudioOptions, listener: SoundListener): Sound =>
  new CallAudio(browser, options, listener);

/**
 * Both voices of a call, on one audio context at the hardware's rate.
 *
 * The context keeps its own rate, and the worklets resample: Firefox refuses to join a microphone to a
 * context of another rate.
 */
class CallAudio implements Sound {
  readonly #browser: Browser;
  readonly #options: AudioOptions;
  readonly #listener: SoundListener;
  readonly #context: AudioContext;
  readonly #speaker: Speaker;
  readonly #microphone: Microphone;
  readonly #endings: (() => void)[];
  #rates: Promise<Rates> | undefined;
  /** The microphone that is open, or being opened. */
  #capturing: Promise<void> | undefined;
  #captureDeviceId: string | undefined;
  #playbackDeviceId: string | undefined;
  #outputLevel = 0;
  #hasToldEcho = false;
  #closed = false;

  /** Nothing is awaited here: the gesture counts for what is done before the first wait. */
  constructor(browser: Browser, options: AudioOptions, listener: SoundListener) {
    this.#browser = browser;
    this.#options = options;
    this.#listener = listener;
    this.#captureDeviceId = options.captureDeviceId;
    this.#playbackDeviceId = options.playbackDeviceId;
    const context = (this.#context = browser.openAudio());
    const problem = (code: string, message: string): void => listener.problem(code, message);
    this.#speaker = new Speaker(browser, context, {
      playback: (playback) => listener.playback(playback),
      level: (level) => {
        this.#outputLevel = level;
        listener.levels(this.inputLevel, level);
      },
      problem,
    });
    const load = (own: AudioContext): Promise<void> => loadWorklet(own, "capture", options.places);
    this.#microphone = new Microphone(
      browser,
      context,
      { halfDuplex: options.halfDuplex ?? "auto", load },
      {
        frame: (samples) => listener.frame(samples),
        echo: () => {
          if (!this.#hasToldEcho) {
            this.#hasToldEcho = true;
            problem("echo", "the microphone hears the agent: it is silenced while the agent talks");
          }
        },
        changed: (deviceId) => this.#inputChanged(deviceId),
        lost: () => problem("microphone_lost", "the microphone is gone and no other could be opened"),
      },
    );
    const check = (): void => void this.#checkDevices();
    browser.devices?.addEventListener("devicechange", check);
    this.#endings = [
      keepRunning(context, browser.events, () => {
        this.reportPlayback();
        // After a telephone call the headset may speak at another rate.
        check();
      }),
      keepAwake(browser),
      () => browser.devices?.removeEventListener("devicechange", check),
    ];
    prime(context);
  }

  get inputLevel(): number {
    return this.#microphone.level;
  }

  get outputLevel(): number {
    return this.#outputLevel;
  }

  get muted(): boolean {
    return this.#microphone.muted;
  }

  set muted(muted: boolean) {
    this.#microphone.muted = muted;
  }

  get volume(): number {
    return this.#speaker.volume;
  }

  set volume(volume: number) {
    this.#speaker.volume = volume;
  }

  /** The loudspeaker does not wait for the microphone's prompt. */
  async open(rates: Promise<Rates>): Promise<void> {
    const { autoCaptureMic } = this.#options;
    // The property is absent where the page is not a secure context, whatever the type says.
    if (!(this.#context.audioWorklet as AudioWorklet | undefined)) {
      const cause = namedError("SecurityError", "browsers give audio only to pages on https or localhost");
      throw autoCaptureMic ? microphoneRequired(cause) : connectionFailed(cause);
    }
    this.#rates = rates;
    if (this.#playbackDeviceId !== undefined) {
      void this.#playOn(this.#playbackDeviceId);
    }
    const speaker = Promise.all([rates, this.#load("playback")]).then(([{ agentRateHz }]) => {
      const node = this.#speaker.start(agentRateHz);
      if (node) {
        this.#microphone.agent = node;
      }
    });
    await Promise.all([speaker, autoCaptureMic ? this.startMicrophone() : undefined]);
  }

  /** May be called again after a refusal; while the microphone runs, nothing happens. */
  startMicrophone(): Promise<void> {
    return (this.#capturing ??= this.#capture().catch((error: unknown) => {
      this.#capturing = undefined;
      throw error;
    }));
  }

  /** Rejects with `Microphone access required` when the device cannot be opened; the one before stays. */
  async setInputDevice(deviceId: string | undefined): Promise<void> {
    if (this.#capturing && !this.#closed) {
      await this.#microphone.open(deviceId);
      this.#inputChanged(deviceId);
    }
    this.#captureDeviceId = deviceId;
  }

  /** Plays on another device, where the browser can: Chromium only. */
  setOutputDevice(deviceId: string | undefined): Promise<void> {
    return this.#playOn(deviceId);
  }

  play(frame: AgentFrame): void {
    this.#speaker.play(frame);
  }

  flush(turn: number): void {
    this.#speaker.flush(turn);
  }

  hold(): void {
    this.#speaker.hold();
  }

  release(): void {
    this.#speaker.release();
  }

  reportPlayback(): void {
    this.#speaker.report();
  }

  close(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    for (const end of this.#endings) {
      end();
    }
    this.#microphone.stop();
    this.#speaker.close();
    this.#outputLevel = 0;
    setTimeout(() => void this.#context.close(), FADE_OUT_MS);
  }

  async #capture(): Promise<void> {
    const rates = this.#rates;
    if (!rates) {
      throw microphoneRequired(namedError("InvalidStateError", "the call is not open"));
    }
    const granted = this.#microphone.open(this.#captureDeviceId).then(() => {
      // A page that records may also play, in browsers that held the context back until now.
      this.#context.resume().catch(() => undefined);
    });
    const [{ microphoneRateHz }] = await Promise.all([rates, granted, this.#load("capture")]);
    await this.#microphone.start(microphoneRateHz);
  }

  async #load(name: WorkletName): Promise<void> {
    try {
      await loadWorklet(this.#context, name, this.#options.places);
    } catch (error) {
      throw connectionFailed(error);
    }
  }

  #inputChanged(deviceId: string | undefined): void {
    if (!this.#closed) {
      this.#listener.deviceChanged("input", deviceId);
    }
  }

  /** A device that is gone is replaced by the default one; one that comes back is left alone. */
  async #checkDevices(): Promise<void> {
    const devices = await this.#browser.listDevices().catch(() => []);
    if (this.#closed) {
      return;
    }
    if (this.#playbackDeviceId && isGone(devices, "audiooutput", this.#playbackDeviceId)) {
      await this.#playOn(undefined);
    }
    await this.#microphone.check(devices);
  }

  async #playOn(deviceId: string | undefined): Promise<void> {
    const context = this.#context as AudioContext & { setSinkId?: (id: string) => Promise<void> };
    if (!context.setSinkId || this.#closed) {
      return;
    }
    try {
      // The empty name is the default device. Source: Web Audio, AudioContext.setSinkId.
      await context.setSinkId(deviceId ?? "");
      this.#playbackDeviceId = deviceId;
      this.#listener.deviceChanged("output", deviceId);
    } catch {
      this.#listener.problem(
        "playback_device",
        "the chosen loudspeaker cannot be used: the one before stays",
      );
    }
  }
}
