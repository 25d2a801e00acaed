/**
 * The messages of the Atoms realtime wire and of its extension: pure translation, no socket.
 *
 * Source: Atoms Agent WebSocket API, messages from and to `/atoms/v1/agent/connect`; docs/wire-extension.md.
 */
import { agentAudio } from "./binary-frames.js";
import type { Playback } from "./sound.js";

/** A tool that the page offers to the agent for this session. */
export interface ClientTool {
  type: "function";
  name: string;
  description: string;
  /** JSON Schema of the arguments, of type `object`. */
  parameters: Record<string, unknown>;
  /** How long the agent waits for the result, 1000 to 60000 (default 15000). */
  timeout_ms?: number;
  /** `false`: the agent goes on without a result. */
  expectsResponse?: boolean;
}

/** What the extension numbers, and a lost socket does not lose. */
export type NumberedMessage =
  | { type: "input_audio_buffer.append"; audio: string }
  | { type: "input_audio_buffer.commit" }
  | { type: "input_text.send"; text: string }
  | { type: "session.update"; tools?: ClientTool[] }
  | { type: "function_call.result"; call_id: string; output: string };

export type ClientMessage =
  | NumberedMessage
  | { type: "session.close" }
  | { type: "ping"; id: number; ack: number }
  | ({ type: "playback"; ack: number } & Playback);

export type Role = "user" | "assistant" | "agent";

/** The server's answer to a client that speaks the extension. */
export interface Extension {
  version: 1;
  /** `binary`: audio travels in binary frames. */
  frames: "json" | "binary";
  /** Opens the call again; a secret. */
  resume_token: string;
  /** How long the call waits for a client that is gone, in seconds. */
  resume_window_s: number;
  /** Whether this is an old call on a new socket. */
  resumed: boolean;
  /** The number of the client's last message that the server has. */
  input_seq: number;
}

/** How the samples of one direction are coded, and at which rate in Hz, where the server names it. */
export interface AudioFormat {
  encoding: "pcm" | "opus";
  rateHz: number | undefined;
}

/** A word of the agent and its times in seconds of the turn's audio. */
export interface CaptionWord {
  text: string;
  start: number;
  end: number;
}

/** Where the time went between the end of the visitor's speech and the agent's first sound, in milliseconds. */
export interface TurnMetrics {
  turn: number;
  endpoint_ms: number | undefined;
  transcript_ms: number | undefined;
  text_ms: number | undefined;
  voice_ms: number | undefined;
  total_ms: number | undefined;
}

export type ServerMessage = (
  | {
      type: "session.created";
      session_id: string;
      call_id: string;
      /** Rate of the agent's voice, in Hz. */
      sample_rate: number;
      input_audio_format: AudioFormat;
      output_audio_format: AudioFormat;
      /** Missing where the server speaks the plain wire. */
      ext: Extension | undefined;
    }
  | { type: "session.updated"; tools: string[] }
  | { type: "session.closed"; reason: string }
  | { type: "agent_start_talking" }
  | { type: "agent_stop_talking" }
  | {
      type: "output_audio.delta";
      /** Base64, or the bytes of a binary frame. */
      audio: string | Uint8Array<ArrayBuffer>;
      /** The number of the first sample within the turn. */
      start: number | undefined;
    }
  | { type: "transcript"; role: Role; text: string }
  | { type: "transcript.delta"; role: Role; text: string }
  | { type: "interruption" }
  | { type: "hold" }
  | { type: "release" }
  | { type: "caption"; first: number; words: CaptionWord[] }
  | { type: "user_started_speaking"; timestamp: string }
  | { type: "user_stopped_speaking"; timestamp: string }
  | { type: "tool_started"; call_id: string; name: string }
  | { type: "tool_ended"; call_id: string; name: string; error: string }
  | ({ type: "turn_metrics" } & Omit<TurnMetrics, "turn">)
  | { type: "function_call"; call_id: string; name: string; arguments: Record<string, unknown> }
  | { type: "error"; code: string; message: string }
  | { type: "input_ack" }
  | { type: "pong" }
) & {
  /** The message's number, or the one that `input_ack` confirms. */
  seq?: number;
  /** The agent's turn that it belongs to. */
  turn?: number;
};

export type SessionCreated = Extract<ServerMessage, { type: "session.created" }>;

/** Rate of a session that does not name one, in Hz. Source: AsyncAPI, `sample_rate`. */
export const DEFAULT_RATE_HZ = 24000;

export const appendAudio = (audio: string): NumberedMessage => ({ type: "input_audio_buffer.append", audio });
export const commitAudio = (): NumberedMessage => ({ type: "input_audio_buffer.commit" });
export const sendText = (text: string): NumberedMessage => ({ type: "input_text.send", text });
export const updateSession = (tools?: ClientTool[]): NumberedMessage =>
  tools ? { type: "session.update", tools } : { type: "session.update" };
export const functionCallResult = (callId: string, output: string): NumberedMessage => ({
  type: "function_call.result",
  call_id: callId,
  output,
});
export const closeSession = (): ClientMessage => ({ type: "session.close" });
export const ping = (id: number, ack: number): ClientMessage => ({ type: "ping", id, ack });
export const reportPlayback = ({ turn, played, state }: Playback, ack: number): ClientMessage => ({
  type: "playback",
  turn,
  played,
  state,
  ack,
});

/**
 * The server's message in a WebSocket frame.
 *
 * Frames that a newer server may send and this SDK does not know give `undefined`, as do broken ones:
 * a page must not fail because its server has learnt something.
 */
export function parseServerMessage(frame: unknown): ServerMessage | undefined {
  if (frame instanceof ArrayBuffer) {
    const audio = agentAudio(frame);
    return audio && { type: "output_audio.delta", ...audio };
  }
  const message = typeof frame === "string" ? parseObject(frame) : undefined;
  const type = text(message?.["type"]);
  if (!message || !Object.hasOwn(READERS, type)) {
    return undefined;
  }
  const parsed: Record<string, unknown> = { type };
  for (const [field, read] of Object.entries(READERS[type as ServerMessage["type"]])) {
    parsed[field] = read(message[field]);
  }
  for (const field of ["seq", "turn"]) {
    const number = count(message[field]);
    if (number !== undefined) {
      parsed[field] = number;
    }
  }
  return parsed as unknown as ServerMessage;
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];

const number = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;

const count = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

const rate = (value: unknown): number | undefined => count(value) || undefined;

/** A format token such as `pcm_16000`. */
function format(token: unknown): AudioFormat {
  const [, encoding, digits] = /^(pcm|opus)_(\d+)$/.exec(text(token)) ?? [];
  return { encoding: encoding === "opus" ? "opus" : "pcm", rateHz: rate(Number(digits)) };
}

/** The first version of the extension; others are not known, and the call speaks the plain wire. */
function extension(value: unknown): Extension | undefined {
  if (!isObject(value) || value["version"] !== 1) {
    return undefined;
  }
  return {
    version: 1,
    frames: value["frames"] === "binary" ? "binary" : "json",
    resume_token: text(value["resume_token"]),
    resume_window_s: number(value["resume_window_s"]) ?? 0,
    resumed: value["resumed"] === true,
    input_seq: count(value["input_seq"]) ?? 0,
  };
}

const words = (value: unknown): CaptionWord[] =>
  Array.isArray(value)
    ? value.filter(isObject).map((word) => {
        const start = number(word["start"]) ?? 0;
        return { text: text(word["text"]), start, end: number(word["end"]) ?? start };
      })
    : [];

/** Everyone but the user is the agent. */
const role = (value: unknown): Role => (value === "user" || value === "agent" ? value : "assistant");

/** Tools declared by the page get an object, tools configured on the server a JSON string of one. */
function argumentsOf(value: unknown): Record<string, unknown> {
  if (isObject(value)) {
    return value;
  }
  return typeof value === "string" ? (parseObject(value) ?? {}) : {};
}

type Content<Type> = Omit<Extract<ServerMessage, { type: Type }>, "type" | "seq" | "turn">;

/** The fields of each message, apart from number and turn, and what is made of whatever stands there. */
const READERS: {
  readonly [Type in ServerMessage["type"]]: {
    readonly [Field in keyof Content<Type>]-?: (value: unknown) => Content<Type>[Field];
  };
} = {
  "session.created": {
    session_id: text,
    call_id: text,
    sample_rate: (value) => rate(value) ?? DEFAULT_RATE_HZ,
    input_audio_format: format,
    output_audio_format: format,
    ext: extension,
  },
  "session.updated": { tools: texts },
  "session.closed": { reason: text },
  agent_start_talking: {},
  agent_stop_talking: {},
  interruption: {},
  hold: {},
  release: {},
  input_ack: {},
  pong: {},
  "output_audio.delta": { audio: text, start: count },
  transcript: { role, text },
  "transcript.delta": { role, text },
  caption: { first: (value) => count(value) ?? 0, words },
  user_started_speaking: { timestamp: text },
  user_stopped_speaking: { timestamp: text },
  tool_started: { call_id: text, name: text },
  tool_ended: { call_id: text, name: text, error: text },
  turn_metrics: {
    endpoint_ms: number,
    transcript_ms: number,
    text_ms: number,
    voice_ms: number,
    total_ms: number,
  },
  function_call: { call_id: text, name: text, arguments: argumentsOf },
  error: { code: text, message: text },
};
