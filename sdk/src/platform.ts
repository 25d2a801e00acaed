/** What the SDK stands on: sockets, sound, the page's events and a clock. Tests and other platforms bring their own. */
import { openSound, type HalfDuplex } from "./audio.js";
import { pageBrowser, type Browser } from "./browser.js";
import type { Sound, SoundListener } from "./sound.js";

export interface SoundOptions {
  /** `false`: the microphone is opened by `startMicrophone()`, if at all. */
  readonly autoCaptureMic: boolean;
  readonly captureDeviceId: string | undefined;
  readonly playbackDeviceId: string | undefined;
  readonly halfDuplex: HalfDuplex | undefined;
  /** The folder of the worklet files, where the page names it. */
  readonly workletUrl: string | undefined;
  /** The server of the call, a ws or wss URL. */
  readonly serverUrl: string;
}

export interface Platform {
  openSocket(url: string): WebSocket;
  /** Called inside the visitor's gesture. */
  openSound(options: SoundOptions, listener: SoundListener): Sound;
  /** Where `pagehide` and `online` arrive, if anywhere. */
  readonly events?: EventTarget | undefined;
  readonly pageUrl: string | undefined;
  readonly scriptUrl: string | undefined;
  reportError(error: unknown): void;
  /** Milliseconds that only rise. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
}

/** The platform that a browser is. */
export const platformOf = (browser: Browser): Platform => ({
  openSocket: (url) => browser.openSocket(url),
  openSound({ workletUrl, serverUrl, ...options }, listener) {
    const siblings = browser.siblingWorklets();
    const places = { named: workletUrl, siblings, serverUrl, pageUrl: browser.pageUrl };
    return openSound(browser, { ...options, places }, listener);
  },
  get events() {
    try {
      return browser.events;
    } catch {
      // A server that renders the page has no window.
      return undefined;
    }
  },
  get pageUrl() {
    return browser.pageUrl;
  },
  get scriptUrl() {
    return browser.scriptUrl;
  },
  reportError: (error) => browser.reportError(error),
  now: () => performance.now(),
  random: () => Math.random(),
});

export const browserPlatform = platformOf(pageBrowser);
