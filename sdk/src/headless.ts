/**
 * The SDK outside of browsers: in Node, in React Native, in tests.
 *
 * Sockets, sound and time are given to it; everything else is the same as in a page.
 */
import type { AudioSink } from "./headless-player.js";
import { HeadlessSound } from "./headless-sound.js";
import type { AudioSource } from "./headless-source.js";
import type { Platform } from "./platform.js";

export type { AudioSink } from "./headless-player.js";
export { iteratedSource, type AudioSource, type Recording } from "./headless-source.js";
export type { Platform } from "./platform.js";

/** How far the sink is kept ahead of the ear, in seconds: the timers of a busy process are late by some of it. */
const LEAD_S = 0.1;

/** What the SDK needs of a WebSocket: that of the platform, of Node, or of the package `ws`. */
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string | ArrayBuffer): void;
  close(code?: number): void;
}

export interface HeadlessOptions {
  /** Opens a socket. Default: `new WebSocket(url)`, where the platform has one; Node does from 22 on. */
  openSocket?: ((url: string) => Socket) | undefined;
  /** The visitor's voice. Without one, set `autoCaptureMic` to false. */
  source?: AudioSource | undefined;
  /** Where the agent's voice goes. Default: nowhere, at its pace. */
  sink?: AudioSink | undefined;
  /** How far the sink is kept ahead of the ear, in seconds. Default 0.1; a busy process needs more. */
  leadS?: number;
  /** Told as in a browser: `online` when the network is back, `pagehide` when the program ends. */
  events?: EventTarget | undefined;
  /** Receives what a handler throws. Default: the console. */
  reportError?: (error: unknown) => void;
  /** Milliseconds that only rise. Default: `performance.now()`. */
  now?: () => number;
  /** From 0 to 1. Default: `Math.random()`. */
  random?: () => number;
  /** Calls `act` every `ms` milliseconds; returns what ends that. Default: `setInterval()`. */
  every?: (ms: number, act: () => void) => () => void;
}

/** What `new AtomsAgent(config, platform)` stands on where there is no page. */
export function headlessPlatform(options: HeadlessOptions = {}): Platform {
  const now = options.now ?? (() => performance.now());
  const parts = {
    source: options.source,
    sink: options.sink ?? { write: () => undefined },
    leadS: options.leadS ?? LEAD_S,
    now,
    every: options.every ?? repeat,
  };
  const open = options.openSocket ?? ((url: string): Socket => new WebSocket(url));
  return {
    openSocket(url) {
      const socket = open(url);
      // The package ws throws what nobody listens to; the close that follows says enough.
      socket.onerror ??= () => undefined;
      return socket as unknown as WebSocket;
    },
    openSound: (sound, listener) => new HeadlessSound(sound, listener, parts),
    events: options.events,
    pageUrl: undefined,
    scriptUrl: undefined,
    reportError: options.reportError ?? ((error) => console.error(error)),
    now,
    random: options.random ?? (() => Math.random()),
  };
}

function repeat(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms);
  return () => clearInterval(timer);
}
