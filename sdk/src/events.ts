/** What a page can subscribe to, and the list of its subscriptions. */
import type { Caption } from "./captions.js";
import type { TurnMetrics } from "./protocol.js";
import type { PlaybackState } from "./sound.js";

export interface SessionStarted {
  session_id: string;
  /** The key of the call in the REST API and the live event stream. */
  call_id: string;
}

export interface SessionEnded {
  /** The server's word (`client_requested`, `ended`, `timeout`, …), or the WebSocket close code as text. */
  reason: string;
}

export interface SessionError {
  code: string;
  message: string;
}

export interface Transcript {
  /** `user`, or `assistant` for the agent; servers of the first edition say `agent`. */
  role: "user" | "assistant" | "agent";
  text: string;
  /** The agent's turn, on the extension of the wire. */
  turn?: number;
}

export interface FunctionCall {
  call_id: string;
  name: string;
  arguments: Record<string, unknown>;
}

export interface ToolsDeclared {
  /** The names of the page's tools that are in force; those of the agent's configuration are not among them. */
  tools: string[];
}

export interface ToolStarted {
  call_id: string;
  name: string;
}

export interface ToolEnded extends ToolStarted {
  /** Empty, or what went wrong, such as `tool_timeout`. */
  error: string;
}

export interface UserSpeech {
  /** The server's clock, ISO 8601. */
  timestamp: string;
}

export interface AgentTurn {
  /** The agent's turn, from 1. */
  turn: number;
}

export interface PlaybackMoved extends AgentTurn {
  /** How much of the turn has been heard, in seconds. */
  playedS: number;
  state: PlaybackState;
}

export interface Levels {
  /** Of the microphone, from 0 to 1. */
  input: number;
  /** Of the agent as it is being played, from 0 to 1. */
  output: number;
}

export interface DeviceChanged {
  kind: "input" | "output";
  /** `undefined`: the default device. */
  deviceId: string | undefined;
}

export interface Reconnecting {
  /** Which try this is, from 1. */
  attempt: number;
  /** How long it is waited for, in milliseconds. */
  delayMs: number;
}

export interface Reconnected {
  /** The same as before. */
  callId: string;
  /** How long the connection was lost, in milliseconds. */
  awayMs: number;
}

export type { Caption, PlaybackState, TurnMetrics };

/** Event names and the arguments of their handlers. Those below the line need the extension of the wire. */
export interface AtomsAgentEvents {
  /** The server has created a session. */
  session_started: [event: SessionStarted];
  /** The session is over. Comes exactly once for each `session_started`. */
  session_ended: [event: SessionEnded];
  /** The agent begins a turn. */
  agent_start_talking: [];
  /** The agent's turn is complete, or was interrupted. */
  agent_stop_talking: [];
  /** Something went wrong and the session goes on; otherwise `session_ended` follows. */
  error: [event: SessionError];
  /** The final text of a turn. */
  transcript: [event: Transcript];
  /** The text of the running turn so far: it replaces the text of the event before. */
  transcript_delta: [event: Transcript];
  /** The visitor spoke over the agent; what was queued of its turn is already dropped. */
  interruption: [];
  /** The agent calls a tool. Those of `registerTool()` answer by themselves, others with `sendToolResult()`. */
  function_call: [event: FunctionCall];
  /** The server has taken the page's tools. */
  tools_declared: [event: ToolsDeclared];
  /** The server has refused them, and those before stay in force; the same comes as `error`. */
  tools_refused: [event: SessionError];
  /** Where the agent's voice stands: four times a second while it plays, and whenever that changes. */
  playback: [event: PlaybackMoved];
  /** How loud both sides are, twenty times a second, for meters. */
  levels: [event: Levels];
  /** Another microphone or loudspeaker is in use, because the page or the system chose it. */
  device_changed: [event: DeviceChanged];

  // ────────
  /** The connection is lost, and the SDK tries to take the call up again; once for each try. */
  reconnecting: [event: Reconnecting];
  /** The call goes on where it was. On defeat comes `session_ended` instead. */
  reconnected: [event: Reconnected];
  /** A word of the agent, when it is heard; each once. */
  caption: [event: Caption];
  /** The visitor made a sound while the agent spoke: the agent falls silent until it is clear what it was. */
  hold: [event: AgentTurn];
  /** It was nothing: the agent goes on from the very sample. Else comes `interruption`. */
  release: [event: AgentTurn];
  /** The visitor's voice is heard. */
  user_started_speaking: [event: UserSpeech];
  /** The visitor's turn is over. */
  user_stopped_speaking: [event: UserSpeech];
  /** The agent uses a tool, wherever it runs. */
  tool_started: [event: ToolStarted];
  /** The tool has answered, or has failed to. */
  tool_ended: [event: ToolEnded];
  /** How long the agent took to answer, and what took the time. */
  turn_metrics: [event: TurnMetrics];
}

export type EventName = keyof AtomsAgentEvents;
export type Handler<Name extends EventName> = (...args: AtomsAgentEvents[Name]) => void;

interface Subscription {
  /** A `Handler` of the event that the list belongs to. */
  readonly handler: unknown;
  readonly once: boolean;
}

/** Delivers events to handlers, in the order of subscription. */
export class Subscriptions {
  readonly #lists = new Map<EventName, readonly Subscription[]>();
  readonly #reportError: (error: unknown) => void;

  /** @param reportError Receives what a handler throws; neither other handlers nor the call notice it. */
  constructor(reportError: (error: unknown) => void) {
    this.#reportError = reportError;
  }

  add<Name extends EventName>(name: Name, handler: Handler<Name>, once = false): void {
    this.#lists.set(name, [...this.#of(name), { handler, once }]);
  }

  remove<Name extends EventName>(name: Name, handler: Handler<Name>): void {
    const remaining = this.#of(name).filter((subscription) => subscription.handler !== handler);
    this.#lists.set(name, remaining);
  }

  /** Whether anybody listens to this event. */
  has(name: EventName): boolean {
    return this.#of(name).length > 0;
  }

  emit<Name extends EventName>(name: Name, ...args: AtomsAgentEvents[Name]): void {
    const called = this.#of(name);
    this.#lists.set(
      name,
      called.filter((subscription) => !subscription.once),
    );
    for (const { handler } of called) {
      try {
        (handler as Handler<Name>)(...args);
      } catch (error) {
        this.#reportError(error);
      }
    }
  }

  #of(name: EventName): readonly Subscription[] {
    return this.#lists.get(name) ?? [];
  }
}
