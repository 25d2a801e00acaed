/** Everything that the SDK asks of a browser, in one place, so that tests can bring their own. */
import { namedError } from "./errors.js";
import { scriptUrl, siblingWorklets } from "./script.js";

export interface Browser {
  openSocket(url: string): WebSocket;
  /** An audio context at the hardware's own rate. */
  openAudio(): AudioContext;
  createWorkletNode(context: AudioContext, name: string, options: AudioWorkletNodeOptions): AudioWorkletNode;
  /** Asks the visitor for a microphone. */
  openMicrophone(constraints: MediaTrackConstraints): Promise<MediaStream>;
  /** Where `devicechange` arrives; absent where the page is not a secure context. */
  readonly devices: EventTarget | undefined;
  listDevices(): Promise<MediaDeviceInfo[]>;
  /** Keeps the screen on, where the browser can. */
  readonly wakeLock: WakeLock | undefined;
  /** Where gestures, `visibilitychange` and `pagehide` arrive. */
  readonly events: EventTarget;
  readonly pageUrl: string | undefined;
  readonly scriptUrl: string | undefined;
  /** The worklet files beside the script. */
  siblingWorklets(): { capture: string; playback: string } | undefined;
  reportError(error: unknown): void;
}

/** The browser that runs this page. Nothing is touched before it is asked for: servers import the SDK too. */
export const pageBrowser: Browser = {
  openSocket: (url) => new WebSocket(url),
  openAudio: () => new AudioContext({ latencyHint: "interactive" }),
  createWorkletNode: (context, name, options) => new AudioWorkletNode(context, name, options),
  async openMicrophone(constraints) {
    // The property is absent where the page is not a secure context, whatever the type says.
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (!devices) {
      throw namedError("SecurityError", "browsers give the microphone only to pages on https or localhost");
    }
    return devices.getUserMedia({ audio: constraints });
  },
  get devices() {
    return navigator.mediaDevices as MediaDevices | undefined;
  },
  listDevices: () => navigator.mediaDevices.enumerateDevices(),
  get wakeLock() {
    return navigator.wakeLock as WakeLock | undefined;
  },
  get events() {
    return window;
  },
  get pageUrl() {
    return typeof location === "undefined" ? undefined : location.href;
  },
  scriptUrl,
  siblingWorklets,
  reportError(error) {
    if (typeof reportError === "function") {
      reportError(error);
    } else {
      console.error(error);
    }
  },
};
