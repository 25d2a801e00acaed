import type { CallMode } from "./address.js";
import { pageBrowser, type Browser } from "./browser.js";
import { namedError } from "./errors.js";
import { Subscriptions, type EventName, type Handler } from "./events.js";
import { DEFAULT_RATE_HZ, functionCallResult, sendText, updateSession, type ClientTool } from "./protocol.js";
import { Session } from "./session.js";
import { resultText, Tools, type ToolHandler, type ToolSchema } from "./tools.js";

export interface AtomsAgentConfig {
  /**
   * An access token (`wct_…`: for one call, safe in a page) or an API key (`sk_…`: keep it out of pages);
   * or a function that fetches one while the microphone is being opened, anew for each call.
   */
  apiKey: string | (() => Promise<string>);
  /** The agent to talk to. */
  agentId: string;
  /**
   * The server: a ws, wss, http or https URL, with or without the path of the API.
   * Default: the server that this script was loaded from, else the page's own.
   */
  baseUrl?: string;
  /**
   * Rate of the audio in Hz, default 24000: 8000, 16000 or 24000 for both directions;
   * 22050, 44100 or 48000 for the microphone only.
   */
  sampleRate?: number;
  /** Default `webcall`. `chat`: no audio at all; `sendText()` asks, `transcript` answers. */
  mode?: CallMode;
  /** Default true. `false`: no microphone; `mute()` and `unmute()` do nothing. */
  autoCaptureMic?: boolean;
  /** The microphone to use, an id from `enumerateDevices()`. */
  captureDeviceId?: string;
  /** The loudspeaker to use, an id from `enumerateDevices()`; Chromium only. */
  playbackDeviceId?: string;
  /** The folder of `capture.js` and `playback.js`. Default: `worklets/` beside this script. */
  workletUrl?: string;
}

/**
 * A live voice conversation with an agent.
 *
 * Creating one does nothing yet. Call `connect()` in a click or key handler: browsers play sound only after
 * a gesture. The same object can connect again after its session has ended.
 */
export class AtomsAgent {
  readonly #config: AtomsAgentConfig;
  readonly #browser: Browser;
  readonly #subscriptions: Subscriptions;
  #session: Session | undefined;
  #isMuted = false;
  /** The devices of the next call, and of the running one. */
  #captureDeviceId: string | undefined;
  #playbackDeviceId: string | undefined;
  readonly #tools = new Tools();
  /** Whether a changed set of tools is about to be sent. */
  #isDeclaring = false;

  /** @param browser For tests: what stands in for the page's browser. */
  constructor(config: AtomsAgentConfig, browser: Browser = pageBrowser) {
    this.#config = config;
    this.#captureDeviceId = config.captureDeviceId;
    this.#playbackDeviceId = config.playbackDeviceId;
    this.#browser = browser;
    this.#subscriptions = new Subscriptions((error) => browser.reportError(error));
  }

  /** Whether the call is live: from the moment `connect()` resolves to the end of the session. */
  get isConnected(): boolean {
    return this.#session?.isLive ?? false;
  }

  /** Whether the microphone is muted; always false with `autoCaptureMic: false`. */
  get isMuted(): boolean {
    return this.#isMuted;
  }

  /** The running or last call's id, the key of its record in the REST API. */
  get callId(): string | undefined {
    return this.#session?.callId;
  }

  /** Loudness of the microphone, from 0 to 1, for a meter. */
  get inputLevel(): number {
    return this.#session?.inputLevel ?? 0;
  }

  /** Loudness of the agent as it is being played, from 0 to 1, for a meter. */
  get outputLevel(): number {
    return this.#session?.outputLevel ?? 0;
  }

  /**
   * Opens the call and starts the microphone.
   *
   * Rejects with `Error("WebSocket connection failed")` or `Error("Microphone access required")`; the `name` of
   * their `cause` says what happened.
   */
  connect(): Promise<void> {
    if (!this.#session || this.#session.isOver) {
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
    await this.#session?.setInputDevice(deviceId);
    this.#captureDeviceId = deviceId;
  }

  /**
   * Goes on with another loudspeaker, in this call and in later ones; `undefined` for the default one.
   *
   * Chromium only; elsewhere nothing happens. A device that cannot be used gives the event `error`.
   */
  async setOutputDevice(deviceId: string | undefined): Promise<void> {
    this.#playbackDeviceId = deviceId;
    await this.#session?.setOutputDevice(deviceId);
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
      },
      {
        emit: (name, ...args) => this.#subscriptions.emit(name, ...args),
        get isMuted() {
          return owner.#isMuted;
        },
        get tools() {
          return owner.#tools.declared;
        },
        runTool: (call, answer) => {
          const isHeard = this.#subscriptions.has("function_call");
          void this.#tools.run(call, isHeard, answer, (error) => this.#browser.reportError(error));
        },
      },
      this.#browser,
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
    if (this.#config.autoCaptureMic === false || this.#config.mode === "chat") {
      return;
    }
    this.#isMuted = muted;
    if (this.#session) {
      this.#session.muted = muted;
    }
  }

  #requireSession(call: string): Session {
    if (!this.#session?.isOpen) {
      throw namedError("InvalidStateError", `${call} needs a session: call connect() first`);
    }
    return this.#session;
  }
}
