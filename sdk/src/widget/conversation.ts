import { AtomsAgent } from "../agent.js";
import type { AtomsAgentEvents, EventName, SessionError } from "../events.js";
import type { ToolHandler, ToolSchema } from "../tools.js";
import { codeInCall, codeOf, codeOfEnd, EmbedRefused, type WidgetErrorCode } from "./errors.js";
import { FORWARDED, type ForwardedEvent } from "./events.js";
import { after, IDLE, isRunning, type ConversationKind, type Happening, type Status } from "./states.js";
import {
  speakerOf,
  withInterruption,
  withText,
  withTurnsEnded,
  withTyped,
  type Lines,
} from "./transcript.js";

/** How long what the visitor wrote waits for the agent's greeting to end, in milliseconds. */
const GREETING_MS = 800;

/** Whom to talk to. */
export interface Party {
  readonly server: string;
  readonly assistantId: string;
}

export interface ConversationListener {
  /** The status or the lines are others than before. */
  changed(): void;
  /** An event of the SDK, for the page. Errors are told with `failed()`. */
  event(name: ForwardedEvent, detail: unknown): void;
  /** Something does not work; `isFatal`: and there is no conversation any more. */
  failed(code: WidgetErrorCode, reason: string, isFatal: boolean): void;
  /** Fetches a token for one conversation. */
  token(party: Party, kind: ConversationKind, signal: AbortSignal): Promise<string>;
  /** Whether the page may use a microphone at all. */
  microphoneAllowed(): boolean;
}

/** Makes the SDK's agent; tests bring their own. */
export type MakeAgent = (config: ConstructorParameters<typeof AtomsAgent>[0]) => AtomsAgent;

/** One visitor's conversations with one agent, spoken or written, one after the other. */
export class Conversation {
  readonly #listener: ConversationListener;
  readonly #makeAgent: MakeAgent;
  readonly #tools = new Map<string, readonly [schema: ToolSchema | null, handler: ToolHandler]>();
  #status: Status = IDLE;
  #lines: Lines = [];
  #agent: AtomsAgent | undefined;
  /** Stops the token of the running conversation. */
  #abort = new AbortController();
  /** Sends what was written before the conversation was open. */
  #sending: ReturnType<typeof setTimeout> | undefined;
  /** The page knows of a session, and not yet of its end. */
  #isTold = false;
  #microphoneId = "";
  #speakerId = "";

  constructor(listener: ConversationListener, makeAgent: MakeAgent = (config) => new AtomsAgent(config)) {
    this.#listener = listener;
    this.#makeAgent = makeAgent;
  }

  get status(): Status {
    return this.#status;
  }

  get lines(): Lines {
    return this.#lines;
  }

  get isRunning(): boolean {
    return isRunning(this.#status);
  }

  get callId(): string | undefined {
    return this.#agent?.callId;
  }

  get microphoneId(): string {
    return this.#microphoneId;
  }

  get speakerId(): string {
    return this.#speakerId;
  }

  /** How loud both sides are, from 0 to 1. */
  get levels(): { input: number; output: number } {
    return { input: this.#agent?.inputLevel ?? 0, output: this.#agent?.outputLevel ?? 0 };
  }

  /** Begins; call it inside the visitor's gesture, or nothing will be heard. A running one is ended before. */
  start(party: Party, kind: ConversationKind): void {
    this.#leave();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const agent = this.#makeAgent({
      apiKey: () => this.#listener.token(party, kind, signal),
      agentId: party.assistantId,
      baseUrl: party.server,
      mode: kind,
      ...(this.#microphoneId && { captureDeviceId: this.#microphoneId }),
      ...(this.#speakerId && { playbackDeviceId: this.#speakerId }),
    });
    this.#agent = agent;
    for (const [name, [schema, handler]] of this.#tools) {
      agent.registerTool(name, schema, handler);
    }
    this.#follow(agent);
    this.#lines = withTurnsEnded(this.#lines);
    this.#happen({ type: "asked", kind });
    agent.connect().then(
      () => this.#connected(agent),
      (error: unknown) => this.#refused(agent, error),
    );
  }

  /** Ends it, also while it is being opened. */
  end(): void {
    if (this.isRunning) {
      this.#leave();
      this.#lines = withTurnsEnded(this.#lines).map((line) => ({ ...line, pending: false }));
      this.#happen({ type: "ended" });
    }
  }

  /** Writes to the agent; before the conversation is open, the text waits for it. */
  say(text: string): void {
    this.#lines = withTyped(this.#lines, text);
    if (this.#status.phase === "live" && this.#sending === undefined) {
      this.#agent?.sendText(text);
    }
    this.#happen({ type: "user_said" });
  }

  setMuted(muted: boolean): void {
    if (muted) {
      this.#agent?.mute();
    } else {
      this.#agent?.unmute();
    }
    this.#happen({ type: "muted", muted: this.#agent?.isMuted ?? false });
  }

  /** @param id As `enumerateDevices()` names it; empty for the default one. */
  async chooseMicrophone(id: string): Promise<void> {
    try {
      await this.#agent?.setInputDevice(id || undefined);
      this.#microphoneId = id;
      this.#listener.changed();
    } catch (error) {
      this.#problem(codeOf(error, this.#listener.microphoneAllowed()), String(error));
    }
  }

  /** @param id As `enumerateDevices()` names it; empty for the default one. */
  async chooseSpeaker(id: string): Promise<void> {
    this.#speakerId = id;
    await this.#agent?.setOutputDevice(id || undefined);
    this.#listener.changed();
  }

  /** Offers a tool of the page to the agent, in this conversation and in later ones. */
  registerTool(name: string, schema: ToolSchema | null, handler: ToolHandler): void {
    this.#tools.set(name, [schema, handler]);
    this.#agent?.registerTool(name, schema, handler);
  }

  /** Forgets a failure. */
  clear(): void {
    if (this.#status.phase === "error") {
      this.#happen({ type: "cleared" });
    }
  }

  /** Shows why there can be no conversation. */
  fail(code: WidgetErrorCode, reason: string): void {
    this.#happen({ type: "failed", code });
    this.#listener.failed(code, reason, true);
  }

  #follow(agent: AtomsAgent): void {
    const own = (act: () => void): void => {
      if (agent === this.#agent) {
        act();
      }
    };
    for (const name of FORWARDED) {
      agent.on(name, (detail?: unknown) =>
        own(() => {
          this.#receive(name, detail);
          this.#listener.event(name, detail);
        }),
      );
    }
    agent.on("error", ({ code, message }: SessionError) =>
      own(() => {
        const problem = codeInCall(code);
        if (problem) {
          this.#problem(problem, `${code}: ${message}`);
        }
      }),
    );
  }

  #receive(name: EventName, detail: unknown): void {
    switch (name) {
      case "session_started":
        this.#isTold = true;
        break;
      case "agent_start_talking":
      case "reconnecting":
      case "reconnected":
        this.#happen({ type: name });
        break;
      case "agent_stop_talking":
        this.#lines = withTurnsEnded(this.#lines);
        this.#happen({ type: name });
        this.#sendWritten();
        break;
      case "interruption":
        this.#lines = withInterruption(this.#lines);
        this.#listener.changed();
        break;
      case "transcript":
      case "transcript_delta": {
        const [{ role, text }] = [detail] as AtomsAgentEvents["transcript"];
        const isFinal = name === "transcript";
        this.#lines = withText(this.#lines, speakerOf(role), text, isFinal);
        if (isFinal && role === "user") {
          this.#happen({ type: "user_said" });
        } else {
          this.#listener.changed();
        }
        break;
      }
      case "session_ended":
        this.#ended((detail as AtomsAgentEvents["session_ended"][0]).reason);
        break;
      default:
        break;
    }
  }

  #connected(agent: AtomsAgent): void {
    if (agent !== this.#agent) {
      return;
    }
    // A greeting comes at once; what was written meanwhile must not cut it off.
    if (this.#lines.some(({ pending }) => pending)) {
      this.#sending = setTimeout(() => this.#sendWritten(), GREETING_MS);
    }
    this.#happen({ type: "connected" });
  }

  #sendWritten(): void {
    if (this.#sending === undefined) {
      return;
    }
    clearTimeout(this.#sending);
    this.#sending = undefined;
    for (const { text } of this.#lines.filter(({ pending }) => pending)) {
      this.#agent?.sendText(text);
    }
    this.#happen({ type: "user_said" });
  }

  #refused(agent: AtomsAgent, error: unknown): void {
    // A server that hangs up while the call is being opened has told its end already.
    if (agent !== this.#agent || this.#status.phase !== "connecting") {
      return;
    }
    this.#leave();
    const cause = (error as Error).cause ?? error;
    const reason = cause instanceof EmbedRefused ? cause.code : (cause as Error).name;
    this.fail(codeOf(error, this.#listener.microphoneAllowed()), reason);
  }

  #ended(reason: string): void {
    this.#isTold = false;
    this.#stopSending();
    this.#lines = withTurnsEnded(this.#lines);
    const code = codeOfEnd(reason);
    if (code) {
      this.fail(code, reason);
    } else {
      this.#happen({ type: "ended" });
    }
  }

  #problem(code: WidgetErrorCode, reason: string): void {
    this.#happen({ type: "problem", code });
    this.#listener.failed(code, reason, false);
  }

  /** Lets go of the running conversation; the page hears of its end at once, not when the server agrees. */
  #leave(): void {
    this.#stopSending();
    const agent = this.#agent;
    this.#agent = undefined;
    this.#abort.abort();
    if (agent) {
      agent.disconnect();
      if (this.#isTold) {
        this.#isTold = false;
        this.#listener.event("session_ended", { reason: "client_requested" });
      }
    }
  }

  #stopSending(): void {
    clearTimeout(this.#sending);
    this.#sending = undefined;
  }

  #happen(happening: Happening): void {
    this.#status = after(this.#status, happening);
    this.#listener.changed();
  }
}
