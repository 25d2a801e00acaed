/** What the page and its two audio worklets say to each other. */

export const CAPTURE_PROCESSOR = "vivavoce-capture";
export const PLAYBACK_PROCESSOR = "vivavoce-playback";

export interface CaptureOptions {
  /** Rate of the frames that the page receives, in Hz. */
  readonly targetRateHz: number;
}

/** Page to capture worklet. The worklet answers with frames: `Int16Array`, their buffers transferred. */
export interface CaptureCommand {
  readonly type: "mute";
  readonly muted: boolean;
}

export interface PlaybackOptions {
  /** Rate of the samples that the page sends, in Hz. */
  readonly sourceRateHz: number;
  /** How much unplayed audio is kept, in seconds. */
  readonly capacityS: number;
}

/** Page to playback worklet. */
export type PlaybackCommand =
  { readonly type: "play"; readonly samples: Int16Array<ArrayBuffer> } | { readonly type: "flush" };

/** Playback worklet to page. */
export interface PlaybackReport {
  readonly type: "dropped";
  readonly droppedSamples: number;
}
