/** What the page and its two audio worklets say to each other. */
import type { HalfDuplex } from "../half-duplex.js";
import type { AgentFrame, Playback } from "../sound.js";

export const CAPTURE_PROCESSOR = "vivavoce-capture";
export const PLAYBACK_PROCESSOR = "vivavoce-playback";

/** The capture worklet has two inputs: the microphone, and the agent's voice as it is played. */
export interface CaptureOptions {
  /** Rate of the frames that the page receives, in Hz. */
  readonly targetRateHz: number;
  readonly halfDuplex: HalfDuplex;
}

/** Page to capture worklet. */
export interface CaptureCommand {
  readonly type: "mute";
  readonly muted: boolean;
}

/**
 * Capture worklet to page: frames of 40 ms, their buffers transferred; the loudness twenty times a second; and
 * that echo was found, once.
 */
export type CaptureReport =
  Int16Array<ArrayBuffer> | { readonly type: "level"; readonly level: number } | { readonly type: "echo" };

export interface PlaybackOptions {
  /** Rate of the samples that the page sends, in Hz. */
  readonly sourceRateHz: number;
  /** How much unplayed audio is kept, in seconds. */
  readonly capacityS: number;
}

/** Page to playback worklet. */
export type PlaybackCommand =
  | ({ readonly type: "play" } & AgentFrame)
  | { readonly type: "flush"; readonly turn: number }
  | { readonly type: "hold" | "release" | "report" }
  /** Of the agent, from 0 to 1, and what the browser says of its output, in seconds. */
  | { readonly type: "set"; readonly volume?: number; readonly latencyS?: number };

/** Playback worklet to page. */
export type PlaybackReport =
  | {
      readonly type: "playback";
      readonly playback: Playback;
      /** Whether the listener is to know of the position, and not only the page. */
      readonly isDue: boolean;
      /** Loudness of the last 50 ms, where it is time for it. */
      readonly level: number | undefined;
    }
  | { readonly type: "dropped"; readonly turn: number; readonly droppedSamples: number };
