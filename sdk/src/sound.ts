/**
 * What a call needs of a platform's audio.
 *
 * `CallAudio` is the browser's; servers, tests and other platforms bring their own (`headless.ts`). The session
 * knows nothing else of audio, and the audio nothing of the session.
 */

/** The rates of a session, in Hz. */
export interface Rates {
  readonly agentRateHz: number;
  readonly microphoneRateHz: number;
}

/** Agent audio: samples at `agentRateHz`, owned by whoever takes them. */
export interface AgentFrame {
  /** The agent's turn, from 1; it only rises. */
  readonly turn: number;
  /** The number of the first sample within the turn. */
  readonly start: number;
  readonly samples: Int16Array<ArrayBuffer>;
}

/**
 * `playing`; `idle`: there is nothing to play; `held`: between `hold()` and `release()`; `suspended`: the output
 * does not run, such as before a gesture or during a phone call.
 */
export type PlaybackState = "playing" | "idle" | "held" | "suspended";

/** Where the agent's voice stands. */
export interface Playback {
  /** The turn that is being played, or was played last; 0 before the first. */
  readonly turn: number;
  /** How many of its samples, at `agentRateHz`, have been heard. */
  readonly played: number;
  readonly state: PlaybackState;
}

export interface SoundListener {
  /** A microphone frame of 40 ms, at `microphoneRateHz`. */
  frame(samples: Int16Array<ArrayBuffer>): void;
  /**
   * Where playback stands: once when the output runs or is found suspended, at least four times a second while
   * it plays, and at once when state or turn change, after a flush and after a hold.
   */
  playback(playback: Playback): void;
  /** Loudness from 0 to 1 of microphone and agent, twenty times a second while the call lasts. */
  levels(input: number, output: number): void;
  /** Another device is in use, because the page or the system chose it; `undefined` is the default one. */
  deviceChanged(kind: "input" | "output", deviceId: string | undefined): void;
  /** Something does not work and the call goes on. */
  problem(code: string, message: string): void;
}

/** Both voices of a call. Created inside the visitor's gesture, where the platform wants one. */
export interface Sound {
  readonly inputLevel: number;
  readonly outputLevel: number;
  muted: boolean;
  /** Of the agent, from 0 to 1. */
  volume: number;
  /**
   * Opens loudspeaker and microphone side by side; resolves when both run.
   *
   * Rejects with one of the errors of `connect()`.
   *
   * @param rates Of the session, once the server has named them.
   */
  open(rates: Promise<Rates>): Promise<void>;
  /** Opens the microphone later, where `autoCaptureMic` is false. */
  startMicrophone(): Promise<void>;
  setInputDevice(deviceId: string | undefined): Promise<void>;
  setOutputDevice(deviceId: string | undefined): Promise<void>;
  /** Queues audio; frames of a turn come in order. Frames of a turn that was flushed are dropped. */
  play(frame: AgentFrame): void;
  /** Drops all audio of this turn and of older ones that has not been heard. */
  flush(turn: number): void;
  /** Fades out and keeps what has not been heard. */
  hold(): void;
  /** Plays on from the very sample. */
  release(): void;
  /** Has the listener told of the playback at once. */
  reportPlayback(): void;
  /** Releases microphone and loudspeaker. May be called at any time, and again. */
  close(): void;
}
