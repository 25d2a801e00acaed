import type { AtomsAgentConfig } from "./config.js";
import { namedError } from "./errors.js";
import { Subscriptions, type EventName, type Handler } from "./events.js";
import { browserPlatform, type Platform } from "./platform.js";
import { DEFAULT_RATE_HZ, functionCallResult, sendText, updateSession, type ClientTool } from "./protocol.js";
import { Session } from "./session.js";
import { resultText, Tools, type ToolHandler, type ToolSchema } from "./tools.js";

/** `idle`: `connect()` was never called; `over`: the last call has ended, or could not be opened. */
export type AgentState = "idle" | "connecting" | "live" | "reconnecting" | "over";

/**
 * A live voice conversation with an agent.
 *
 * Creating one does nothing yet. Call `connect()` in a click or key handler: browsers play sound only after
 * a gesture. The same object can connect again after its session has ended.
 */
export class AtomsAgent {
  readonly #config: AtomsAgentConfig;
  readonly #platform: Platform;
  readonly #subscriptions: Subscriptions;
  #session: Session | undefined;
  #isMuted = false;
  /** Whether the page has asked for a microphone. */
  #hasMicrophone: boolean;
  #volume = 1;
  /** The devices of the next call, and of the running one. */
  #captureDeviceId: string | undefined;
  #playbackDeviceId: string | undefined;
  readonly #tools = new Tools();
  /** Whether a changed set of tools is about to be sent. */
  #isDeclaring = false;

  /** @param platform What stands in for the browser, on other platforms and in tests. */
  constructor(config: AtomsAgentConfig, platform: Platform = browserPlatform) {
    this.#config = config;
    this.#captureDeviceId = config.captureDeviceId;
    this.#playbackDeviceId = config.playbackDeviceId;
    this.#hasMicrophone = config.autoCaptureMic !== false && config.mode !== "chat";
    this.#platform = platform;
    this.#subscriptions = new Subscriptions((error) => platform.reportError(error));
  }

  /** Where the call stands, the running one or the last. */
  get state(): AgentState {
    return this.#session?.state ?? "idle";
  }

  /**
   * Whether the call is live: from the moment `connect()` resolves to the end of the session, also while it is
   * `reconnecting`.
   */
  get isConnected(): boolean {
    return this.#session?.isLive ?? false;
  }

  /** Whether the microphone is muted; always false where there is none. */
  get isMuted(): boolean {
    return this.#isMuted;
  }

  /** The running or last call's id, the key of its record in the REST API. */
  get callId(): string | undefined {
    return this.#session?.callId;
  }

  /** Loudness of the microphone, from 0 to 1, for a meter. */
  get inputLevel(): number {
    return this.#session?.sound?.inputLevel ?? 0;
  }

  /** Loudness of the agent as it is being played, from 0 to 1, for a meter. */
  get outputLevel(): number {
    return this.#session?.sound?.outputLevel ?? 0;
  }

  /** How loud the agent is played, from 0 to 1, in this call and in later ones. */
  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    this.#volume = Math.max(0, Math.min(1, volume));
    if (this.#session?.sound) {
      this.#session.sound.volume = this.#volume;
    }
  }

  /**
   * Opens the call and starts the microphone.
   *
   * Rejects with `Error("WebSocket connection failed")` or `Error("Microphone access required")`; the `name` of
   * their `cause` says what happened.
   */
  connect(): Promise<void> {
    if (!this.#session || this.#session.state === "over") {
      this.#session = this.#openSession();
    }
    return this.#session.ready;
  }

  /** Ends the call and releases microphone and loudspeaker. May be called at any time. */
  disconnect(): void {
    this.#session?.disconnect();
  }

  /**
   * Says `text` to the agent in writing; the answer comes as speech.
   *
   * Throws an `InvalidStateError` when there is no session.
   */
  sendText(text: string): void {
    const session = this.#requireSession("sendText()");
    if (text !== "") {
      session.send(sendText(text));
    }
  }

  /**
   * Opens the microphone in the running call, where `autoCaptureMic` is false. Call it in a click or key handler.
   *
   * Rejects with `Error("Microphone access required")` when it cannot be opened, and with an
   * `InvalidStateError` when there is no session; the call goes on.
   */
  async startMicrophone(): Promise<void> {
    const { sound } = this.#requireSession("startMicrophone()");
    if (sound) {
      this.#hasMicrophone = true;
      await sound.startMicrophone();
    }
  }

  /** Stops sending microphone audio; the call goes on. */
  mute(): void {
    this.#setMuted(true);
  }

  /** Sends microphone audio again. */
  unmute(): void {
    this.#setMuted(false);
  }

  /**
   * Goes on with another microphone, in this call and in later ones; `undefined` for the default one.
   *
   * Rejects with `Error("Microphone access required")` when it cannot be opened; the one before stays.
   */
  async setInputDevice(deviceId: string | undefined): Promise<void> {
    await this.#session?.sound?.setInputDevice(deviceId);
    this.#captureDeviceId = deviceId;
  }

  /**
   * Goes on with another loudspeaker, in this call and in later ones; `undefined` for the default one.
   *
   * Chromium only; elsewhere nothing happens. A device that cannot be used gives the event `error`.
   */
  async setOutputDevice(deviceId: string | undefined): Promise<void> {
    this.#playbackDeviceId = deviceId;
    await this.#session?.sound?.setOutputDevice(deviceId);
  }

  /**
   * Offers a tool to the agent: when it calls it, `handler` runs, and its result is sent by itself.
   *
   * May be called at any time; the tool stays for later calls, and replaces one of the same name.
   *
   * @param schema What the agent is told of it. `null`: the agent's configuration has the tool, and tells it already.
   * @param handler Gets the arguments; what it returns is the result, what it throws is told to the agent.
   */
  registerTool(name: string, schema: ToolSchema | null, handler: ToolHandler): this {
    this.#tools.register(name, schema, handler);
    this.#declareSoon();
    return this;
  }

  /** Takes a registered tool back. */
  unregisterTool(name: string): this {
    if (this.#tools.unregister(name)) {
      this.#declareSoon();
    }
    return this;
  }

  /**
   * Offers tools that the page answers itself (`function_call`, `sendToolResult()`), in place of those set before.
   *
   * May be called before `connect()`. Registered tools stay.
   */
  setTools(tools: readonly ClientTool[]): void {
    this.#tools.set(tools);
    this.#declare();
  }

  /**
   * Answers a `function_call` event.
   *
   * Throws an `InvalidStateError` when there is no session.
   *
   * @param output The result: text as it is, anything else as JSON; at most 64 KB.
   */
  sendToolResult(callId: string, output: unknown): void {
    this.#requireSession("sendToolResult()").send(functionCallResult(callId, resultText(output)));
  }

  /** Subscribes to an event. */
  on<Name extends EventName>(name: Name, handler: Handler<Name>): this {
    this.#subscriptions.add(name, handler);
    return this;
  }

  /** Subscribes to the next event of that name only. */
  once<Name extends EventName>(name: Name, handler: Handler<Name>): this {
    this.#subscriptions.add(name, handler, true);
    return this;
  }

  /** Ends the subscriptions of this handler. */
  off<Name extends EventName>(name: Name, handler: Handler<Name>): this {
    this.#subscriptions.remove(name, handler);
    return this;
  }

  #openSession(): Session {
    const config = this.#config;
    const owner = this;
    return new Session(
      {
        apiKey: config.apiKey,
        agentId: config.agentId,
        baseUrl: config.baseUrl,
        sampleRate: config.sampleRate ?? DEFAULT_RATE_HZ,
        mode: config.mode ?? "webcall",
        autoCaptureMic: config.autoCaptureMic ?? true,
        captureDeviceId: this.#captureDeviceId,
        playbackDeviceId: this.#playbackDeviceId,
        workletUrl: config.workletUrl,
        halfDuplex: config.halfDuplex,
        extension: config.extension ?? true,
        opus: config.opus ?? false,
      },
      {
        emit: (name, ...args) => this.#subscriptions.emit(name, ...args),
        get isMuted() {
          return owner.#isMuted;
        },
        get volume() {
          return owner.#volume;
        },
        get tools() {
          return owner.#tools.declared;
        },
        runTool: (call, answer) => {
          const isHeard = this.#subscriptions.has("function_call");
          void this.#tools.run(call, isHeard, answer, (error) => this.#platform.reportError(error));
        },
      },
      this.#platform,
    );
  }

  /** Tells the server of the tools, once for all changes that are made together. */
  #declareSoon(): void {
    if (!this.#isDeclaring && this.#session?.isOpen) {
      this.#isDeclaring = true;
      queueMicrotask(() => {
        this.#isDeclaring = false;
        this.#declare();
      });
    }
  }

  #declare(): void {
    const tools = this.#tools.declared;
    if (tools && this.#session?.isOpen) {
      this.#session.send(updateSession(tools));
    }
  }

  #setMuted(muted: boolean): void {
    if (!this.#hasMicrophone) {
      return;
    }
    this.#isMuted = muted;
    if (this.#session?.sound) {
      this.#session.sound.muted = muted;
    }
  }

  #requireSession(call: string): Session {
    if (!this.#session?.isOpen) {
      throw namedError("InvalidStateError", `${call} needs a session: call connect() first`);
    }
    return this.#session;
  }
}
