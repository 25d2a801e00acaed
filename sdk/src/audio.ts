import type { Browser } from "./browser.js";
import { connectionFailed, microphoneRequired, namedError } from "./errors.js";
import { Microphone } from "./microphone.js";
import { Speaker } from "./speaker.js";
import { keepRunning } from "./unlock.js";
import { loadWorklet, type WorkletName, type WorkletPlaces } from "./worklets/load.js";

/** How long the loudspeaker may take to fade out before its context is closed, in milliseconds. */
const FADE_OUT_MS = 50;

export interface AudioOptions {
  /** `false`: no microphone at all. */
  readonly autoCaptureMic: boolean;
  readonly captureDeviceId: string | undefined;
  readonly playbackDeviceId: string | undefined;
}

export interface AudioListener {
  /** A microphone frame of 40 ms. */
  frame(samples: Int16Array<ArrayBuffer>): void;
  /** Something does not work and the call goes on. */
  problem(code: string, message: string): void;
}

/** The rates of a session, in Hz. */
export interface Rates {
  readonly agentRateHz: number;
  readonly microphoneRateHz: number;
}

/**
 * Both voices of a call, on one audio context at the hardware's rate.
 *
 * The context keeps its own rate, and the worklets resample: Firefox refuses to join a microphone to a
 * context of another rate.
 */
export class CallAudio {
  readonly #options: AudioOptions;
  readonly #listener: AudioListener;
  readonly #context: AudioContext;
  readonly #speaker: Speaker;
  readonly #microphone: Microphone | undefined;
  readonly #stopWatching: () => void;
  #closed = false;

  /** Creates and resumes the context: call it inside the visitor's gesture. */
  constructor(browser: Browser, options: AudioOptions, listener: AudioListener) {
    this.#options = options;
    this.#listener = listener;
    this.#context = browser.openAudio();
    this.#stopWatching = keepRunning(this.#context, browser.events);
    this.#speaker = new Speaker(browser, this.#context, (samples) => {
      listener.problem(
        "playback_overflow",
        `${samples} samples of agent audio found no room and were dropped`,
      );
    });
    this.#microphone = options.autoCaptureMic
      ? new Microphone(browser, this.#context, {
          frame: (samples) => listener.frame(samples),
          lost: () =>
            listener.problem("microphone_lost", "the microphone is gone and no other could be opened"),
        })
      : undefined;
  }

  get inputLevel(): number {
    return this.#microphone?.level ?? 0;
  }

  get outputLevel(): number {
    return this.#closed ? 0 : this.#speaker.level;
  }

  set muted(muted: boolean) {
    if (this.#microphone) {
      this.#microphone.muted = muted;
    }
  }

  /**
   * Opens everything side by side. The loudspeaker does not wait for the microphone's prompt.
   *
   * Rejects with one of the errors of `connect()`.
   *
   * @param rates The rates of the session, once the server has named them.
   */
  async open(places: WorkletPlaces, rates: Promise<Rates>): Promise<void> {
    const { autoCaptureMic, captureDeviceId, playbackDeviceId } = this.#options;
    // The property is absent where the page is not a secure context, whatever the type says.
    if (!(this.#context.audioWorklet as AudioWorklet | undefined)) {
      const cause = namedError("SecurityError", "browsers give audio only to pages on https or localhost");
      throw autoCaptureMic ? microphoneRequired(cause) : connectionFailed(cause);
    }
    if (playbackDeviceId !== undefined) {
      void this.#playOn(playbackDeviceId);
    }
    const speaker = Promise.all([rates, this.#load("playback", places)]).then(([{ agentRateHz }]) => {
      this.#speaker.start(agentRateHz);
    });
    const microphone = this.#microphone;
    if (!microphone) {
      return speaker;
    }
    const granted = microphone.open(captureDeviceId).then(() => {
      // A page that records may also play, in browsers that held the context back until now.
      this.#context.resume().catch(() => undefined);
    });
    const captured = Promise.all([granted, rates, this.#load("capture", places)]).then(
      ([, { microphoneRateHz }]) => microphone.start(microphoneRateHz),
    );
    await Promise.all([speaker, captured]);
  }

  /** Rejects with `Microphone access required` when the device cannot be opened; the one before stays. */
  async setInputDevice(deviceId: string | undefined): Promise<void> {
    await this.#microphone?.change(deviceId);
  }

  /** Plays on another device, where the browser can: Chromium only. */
  setOutputDevice(deviceId: string | undefined): Promise<void> {
    // The empty name is the default device. Source: Web Audio, AudioContext.setSinkId.
    return this.#playOn(deviceId ?? "");
  }

  play(samples: Int16Array<ArrayBuffer>): void {
    this.#speaker.play(samples);
  }

  /** Drops what the visitor has not heard yet. */
  flush(): void {
    this.#speaker.flush();
  }

  /** Releases microphone and loudspeaker. */
  close(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#stopWatching();
    this.#microphone?.stop();
    this.#speaker.close();
    setTimeout(() => void this.#context.close(), FADE_OUT_MS);
  }

  async #load(name: WorkletName, places: WorkletPlaces): Promise<void> {
    try {
      await loadWorklet(this.#context, name, places);
    } catch (error) {
      throw connectionFailed(error);
    }
  }

  /** Chooses the loudspeaker, where the browser can: Chromium only. */
  async #playOn(deviceId: string): Promise<void> {
    const context = this.#context as AudioContext & { setSinkId?: (id: string) => Promise<void> };
    try {
      await context.setSinkId?.(deviceId);
    } catch {
      this.#listener.problem(
        "playback_device",
        "the chosen loudspeaker cannot be used: playing on the default one",
      );
    }
  }
}
