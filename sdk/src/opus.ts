/** Opus by WebCodecs, where the browser has it: one raw packet for each frame, mono. */
import { toInt16 } from "./pcm.js";
import type { AgentFrame } from "./sound.js";

/** Rates that Opus has, in Hz. Source: RFC 6716, section 2.1.3, less 12000, which the wire has not. */
const RATES_HZ = [8000, 16000, 24000, 48000];

/** Length of a microphone frame, in microseconds. */
const FRAME_US = 40_000;

/** What may be silence at the end of a packet, in seconds: packets come in steps of 20 ms. */
const FILLED_S = 0.02;

/** How long the end of a packet waits for the next one, in milliseconds; it is needed later than that. */
const TAIL_MS = 60;

/** Speech at 24 kHz is clear from here on, in bits per second. Source: RFC 6716, section 2.1.1. */
const BITRATE = 28_000;

const encoding = (sampleRate: number): AudioEncoderConfig => ({
  codec: "opus",
  sampleRate,
  numberOfChannels: 1,
  bitrate: BITRATE,
  opus: { frameDuration: FRAME_US },
});

const decoding = (sampleRate: number): AudioDecoderConfig => ({
  codec: "opus",
  sampleRate,
  numberOfChannels: 1,
});

/** Whether this browser codes and decodes Opus at these rates; those that Opus has not stay PCM. */
export async function canOpus(microphoneRateHz: number, agentRateHz: number): Promise<boolean> {
  try {
    const [encoder, decoder] = await Promise.all([
      RATES_HZ.includes(microphoneRateHz)
        ? AudioEncoder.isConfigSupported(encoding(microphoneRateHz))
        : { supported: true },
      AudioDecoder.isConfigSupported(decoding(agentRateHz)),
    ]);
    return Boolean(encoder.supported && decoder.supported);
  } catch {
    return false;
  }
}

/** Codes microphone frames; `packet` gets one packet for each, in order, and its length in seconds. */
export function opusEncoder(
  rateHz: number,
  packet: (bytes: Uint8Array, durationS: number) => void,
  failed: (error: unknown) => void,
): { code(samples: Int16Array<ArrayBuffer>): void; close(): void } {
  const encoder = new AudioEncoder({
    output: (chunk) => {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      packet(bytes, FRAME_US / 1e6);
    },
    error: failed,
  });
  encoder.configure(encoding(rateHz));
  let timestamp = 0;
  return {
    code(data) {
      if (encoder.state === "configured") {
        const layout = { format: "s16", sampleRate: rateHz, numberOfChannels: 1 } as const;
        encoder.encode(new AudioData({ ...layout, numberOfFrames: data.length, timestamp, data }));
        timestamp += FRAME_US;
      }
    },
    close: () => closeCodec(encoder),
  };
}

export interface OpusDecoder {
  /** Decodes the packet whose first sample has the number `start` within the turn. */
  decode(turn: number, start: number, packet: Uint8Array<ArrayBuffer>): void;
  /** Forgets what is not decoded yet. */
  reset(): void;
  close(): void;
}

/**
 * Decodes agent packets to samples at `rateHz`; `frame` gets them in order.
 *
 * The server may have filled a packet up with silence, and the next one's `start` says so: the end of each packet
 * waits for that a moment, or the silence would take the place of speech.
 */
export function opusDecoder(
  rateHz: number,
  frame: (frame: AgentFrame) => void,
  failed: (error: unknown) => void,
): OpusDecoder {
  /** Places of the packets that are being decoded: each gives one output, and its own timestamp is not kept. */
  let places: { turn: number; start: number }[] = [];
  let tail: AgentFrame | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let decoder: AudioDecoder;
  /** Plays the end of the last packet, as far as it is sound. */
  const playTail = (end = Infinity): void => {
    clearTimeout(timer);
    const samples = tail?.samples.slice(0, Math.max(0, end - tail.start));
    if (tail && samples?.length) {
      frame({ ...tail, samples });
    }
    tail = undefined;
  };
  const play = (turn: number, start: number, samples: Int16Array<ArrayBuffer>): void => {
    playTail(tail?.turn === turn ? start : Infinity);
    const sure = Math.max(0, samples.length - FILLED_S * rateHz);
    tail = { turn, start: start + sure, samples: samples.slice(sure) };
    timer = setTimeout(playTail, TAIL_MS);
    if (sure) {
      frame({ turn, start, samples: samples.slice(0, sure) });
    }
  };
  const open = (): void => {
    places = [];
    tail = undefined;
    clearTimeout(timer);
    const own: AudioDecoder = new AudioDecoder({
      output: (data) => {
        const place = own === decoder ? places.shift() : undefined;
        if (place) {
          play(place.turn, place.start, samplesOf(data, rateHz));
        }
        data.close();
      },
      error: failed,
    });
    decoder = own;
    decoder.configure(decoding(rateHz));
  };
  open();
  return {
    decode(turn, start, data) {
      // A broken packet closes the decoder.
      if (decoder.state === "closed") {
        open();
      }
      places.push({ turn, start });
      decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: 0, data }));
    },
    reset() {
      closeCodec(decoder);
      open();
    },
    close() {
      clearTimeout(timer);
      closeCodec(decoder);
    },
  };
}

/**
 * The samples at `rateHz` of what a decoder gives, which may be at 48 kHz whatever was asked for.
 *
 * Every n-th sample is enough: what was coded at a lower rate has nothing above that rate's limit.
 */
function samplesOf(data: AudioData, rateHz: number): Int16Array<ArrayBuffer> {
  const decoded = new Float32Array(data.numberOfFrames);
  data.copyTo(decoded, { planeIndex: 0, format: "f32-planar" });
  const step = data.sampleRate / rateHz;
  return Int16Array.from({ length: Math.floor(decoded.length / step) }, (_, index) =>
    toInt16(decoded[Math.floor(index * step)] ?? 0),
  );
}

function closeCodec(codec: AudioEncoder | AudioDecoder): void {
  if (codec.state !== "closed") {
    codec.close();
  }
}
