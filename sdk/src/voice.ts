import { Captions, type Caption } from "./captions.js";
import { opusDecoder, opusEncoder, type OpusDecoder } from "./opus.js";
import { decodeBase64, samplesOf } from "./pcm.js";
import type { ServerMessage, SessionCreated } from "./protocol.js";
import type { Playback, Sound } from "./sound.js";

export interface VoiceListener {
  /** Milliseconds that only rise. */
  now(): number;
  caption(caption: Caption): void;
  /** Audio cannot be coded or decoded, and the call goes on. */
  failed(error: unknown): void;
}

/**
 * The agent's voice on its way from the wire to the loudspeaker, with its words.
 *
 * The extension says of all audio where it belongs; on the plain wire turns and samples are counted here.
 */
export class Voice {
  readonly #sound: Sound;
  readonly #captions: Captions;
  /** Missing where the voice comes as PCM. */
  readonly #decoder: OpusDecoder | undefined;
  #turn = 0;
  /** The number of the next sample of the turn. */
  #next = 0;
  /** The last turn that was interrupted. */
  #flushed = 0;
  #isHeld = false;

  /** Throws where the voice comes as Opus and the browser has none. */
  constructor(sound: Sound, created: SessionCreated, listener: VoiceListener) {
    this.#sound = sound;
    this.#captions = new Captions(
      created.sample_rate,
      () => listener.now(),
      (caption) => listener.caption(caption),
    );
    if (created.output_audio_format.encoding === "opus") {
      this.#decoder = opusDecoder(
        created.sample_rate,
        (frame) => sound.play(frame),
        (error) => listener.failed(error),
      );
    }
  }

  /** Takes a message of the server; those that do not concern the voice are passed over. */
  receive(message: ServerMessage): void {
    switch (message.type) {
      case "agent_start_talking":
        this.#begin(message.turn);
        break;
      case "output_audio.delta":
        this.#play(message.audio, message.turn, message.start);
        break;
      case "caption":
        this.#captions.add(message.turn ?? 0, message.first, message.words);
        break;
      case "hold":
        this.#isHeld = true;
        this.#sound.hold();
        break;
      case "release":
        this.#release();
        break;
      case "interruption":
        this.#interrupt(message.turn);
        break;
      default:
        break;
    }
  }

  /** Takes a report of playback. */
  follow(playback: Playback): void {
    this.#captions.move(playback);
  }

  close(): void {
    this.#captions.stop();
    this.#decoder?.close();
  }

  #begin(turn = Math.max(this.#turn, this.#flushed) + 1): void {
    this.#turn = turn;
    this.#next = 0;
  }

  /** Throws where the audio is not base64. */
  #play(audio: string | Uint8Array<ArrayBuffer>, namedTurn?: number, namedStart?: number): void {
    if (namedTurn === undefined && this.#turn <= this.#flushed) {
      this.#begin();
    }
    const turn = namedTurn ?? this.#turn;
    const start = namedStart ?? this.#next;
    const bytes = typeof audio === "string" ? decodeBase64(audio) : audio;
    if (this.#decoder) {
      this.#decoder.decode(turn, start, bytes);
    } else {
      const samples = samplesOf(bytes);
      this.#next = start + samples.length;
      this.#sound.play({ turn, start, samples });
    }
  }

  #release(): void {
    if (this.#isHeld) {
      this.#isHeld = false;
      this.#sound.release();
    }
  }

  /** What is queued of this turn and of older ones will not be heard. */
  #interrupt(turn = this.#turn): void {
    this.#flushed = Math.max(this.#flushed, turn);
    this.#captions.cut(turn);
    this.#decoder?.reset();
    this.#sound.flush(turn);
    // The next turn must not find the loudspeaker held.
    this.#release();
  }
}

/** The visitor's voice on its way to the wire: frames of samples in, what is sent of them out. */
export interface Coder {
  code(samples: Int16Array<ArrayBuffer>): void;
  close(): void;
}

/**
 * Codes microphone frames in the format of the call.
 *
 * Throws where that is Opus and the browser has none.
 *
 * @param send Takes the coded audio and its length in seconds.
 */
export function coderOf(
  created: SessionCreated,
  rateHz: number,
  send: (audio: Uint8Array, durationS: number) => void,
  failed: (error: unknown) => void,
): Coder {
  if (created.input_audio_format.encoding === "opus") {
    return opusEncoder(rateHz, send, failed);
  }
  return {
    code: (samples) => send(new Uint8Array(samples.buffer), samples.length / rateHz),
    close: () => undefined,
  };
}
