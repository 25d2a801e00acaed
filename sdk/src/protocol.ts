/**
 * The messages of the Atoms realtime wire: pure translation, no socket.
 *
 * Source: Atoms Agent WebSocket API, messages from and to `/atoms/v1/agent/connect`.
 */

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

export type ClientMessage =
  | { type: "input_audio_buffer.append"; audio: string }
  | { type: "input_audio_buffer.commit" }
  | { type: "input_text.send"; text: string }
  | { type: "session.update"; tools?: ClientTool[] }
  | { type: "function_call.result"; call_id: string; output: string }
  | { type: "session.close" };

export type Role = "user" | "assistant" | "agent";

export type ServerMessage =
  | {
      type: "session.created";
      session_id: string;
      call_id: string;
      /** Rate of the agent's voice, in Hz. */
      sample_rate: number;
      /** Rate of the microphone frames, in Hz, where the server names it. */
      input_rate: number | undefined;
    }
  | { type: "session.updated"; tools: string[] }
  | { type: "session.closed"; reason: string }
  | { type: "agent_start_talking" }
  | { type: "agent_stop_talking" }
  | { type: "output_audio.delta"; audio: string }
  | { type: "transcript"; role: Role; text: string }
  | { type: "transcript.delta"; role: Role; text: string }
  | { type: "interruption" }
  | { type: "function_call"; call_id: string; name: string; arguments: Record<string, unknown> }
  | { type: "error"; code: string; message: string };

export type SessionCreated = Extract<ServerMessage, { type: "session.created" }>;

/** Rate of a session that does not name one, in Hz. Source: AsyncAPI, `sample_rate`. */
export const DEFAULT_RATE_HZ = 24000;

export const appendAudio = (audio: string): ClientMessage => ({ type: "input_audio_buffer.append", audio });
export const commitAudio = (): ClientMessage => ({ type: "input_audio_buffer.commit" });
export const sendText = (text: string): ClientMessage => ({ type: "input_text.send", text });
export const updateSession = (tools?: ClientTool[]): ClientMessage =>
  tools ? { type: "session.update", tools } : { type: "session.update" };
export const functionCallResult = (callId: string, output: string): ClientMessage => ({
  type: "function_call.result",
  call_id: callId,
  output,
});
export const closeSession = (): ClientMessage => ({ type: "session.close" });

/**
 * The server's message in a WebSocket frame.
 *
 * Frames that a newer server may send and this SDK does not know give `undefined`, as do broken ones:
 * a page must not fail because its server has learnt something.
 */
export function parseServerMessage(frame: unknown): ServerMessage | undefined {
  const message = typeof frame === "string" ? parseObject(frame) : undefined;
  if (!message) {
    return undefined;
  }
  switch (message["type"]) {
    case "session.created":
      return {
        type: "session.created",
        session_id: text(message["session_id"]),
        call_id: text(message["call_id"]),
        sample_rate: rate(message["sample_rate"]) ?? DEFAULT_RATE_HZ,
        input_rate: pcmRate(message["input_audio_format"]),
      };
    case "session.updated":
      return { type: "session.updated", tools: texts(message["tools"]) };
    case "session.closed":
      return { type: "session.closed", reason: text(message["reason"]) };
    case "agent_start_talking":
    case "agent_stop_talking":
    case "interruption":
      return { type: message["type"] };
    case "output_audio.delta":
      return { type: "output_audio.delta", audio: text(message["audio"]) };
    case "transcript":
    case "transcript.delta":
      return { type: message["type"], role: role(message["role"]), text: text(message["text"]) };
    case "function_call":
      return {
        type: "function_call",
        call_id: text(message["call_id"]),
        name: text(message["name"]),
        arguments: argumentsOf(message["arguments"]),
      };
    case "error":
      return { type: "error", code: text(message["code"]), message: text(message["message"]) };
    default:
      return undefined;
  }
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

const rate = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;

/** The rate in a format token such as `pcm_16000`. */
function pcmRate(token: unknown): number | undefined {
  const match = /^pcm_(\d+)$/.exec(text(token));
  return match ? rate(Number(match[1])) : undefined;
}

/** Everyone but the user is the agent. */
const role = (value: unknown): Role => (value === "user" || value === "agent" ? value : "assistant");

/** Tools declared by the page get an object, tools configured on the server a JSON string of one. */
function argumentsOf(value: unknown): Record<string, unknown> {
  if (isObject(value)) {
    return value;
  }
  return typeof value === "string" ? (parseObject(value) ?? {}) : {};
}
