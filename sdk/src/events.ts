/** What a page can subscribe to, and the list of its subscriptions. */

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

/** Event names and the arguments of their handlers. */
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
