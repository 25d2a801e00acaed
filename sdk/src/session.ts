import { connectUrl, defaultBase, inputOnlyRateHz, socketBase, type CallMode } from "./address.js";
import { CallAudio, type AudioOptions, type Rates } from "./audio.js";
import type { Browser } from "./browser.js";
import { Connection } from "./connection.js";
import { connectionFailed, namedError } from "./errors.js";
import type { AtomsAgentEvents, EventName, FunctionCall } from "./events.js";
import { decodeBase64, encodeBase64, samplesOf } from "./pcm.js";
import {
  appendAudio,
  functionCallResult,
  updateSession,
  type ClientMessage,
  type ClientTool,
  type ServerMessage,
  type SessionCreated,
} from "./protocol.js";
import { isRefusal } from "./tools.js";

/** How long the server may take to open the session, in milliseconds. Source: stock clients wait 8 to 15 s. */
const OPENING_MS = 15_000;

export interface SessionOptions extends AudioOptions {
  /** The key, or what fetches it. */
  readonly apiKey: string | (() => Promise<string>);
  readonly agentId: string;
  readonly baseUrl: string | undefined;
  /** In Hz. */
  readonly sampleRate: number;
  readonly mode: CallMode;
  readonly workletUrl: string | undefined;
}

/** The agent object that the session belongs to. */
export interface SessionOwner {
  emit<Name extends EventName>(name: Name, ...args: AtomsAgentEvents[Name]): void;
  readonly isMuted: boolean;
  readonly tools: ClientTool[] | undefined;
  /** Runs a tool and gives its result to `answer`, if one is to be sent. */
  runTool(call: FunctionCall, answer: (output: string) => void): void;
}

/**
 * One call: opens socket, microphone and loudspeaker side by side, joins them, and takes them down again.
 *
 * It is `opening` until everything runs, then `live`, then `over`; there is no way back.
 * Every way to the end passes through `#end()`, which releases the devices and says goodbye.
 */
export class Session {
  /** Resolves when the call runs; rejects when it cannot be opened, or is ended before it runs. */
  readonly ready: Promise<void>;

  readonly #options: SessionOptions;
  readonly #owner: SessionOwner;
  readonly #browser: Browser;
  #phase: "opening" | "live" | "over" = "opening";
  #audio: CallAudio | undefined;
  #connection: Connection | undefined;
  /** What the server said when it created the session. */
  #created: SessionCreated | undefined;
  /** Why the server refused, where it said so before it closed the socket. */
  #refusal: Error | undefined;
  /** Whether the page knows that the session has ended. */
  #reported = false;
  #openingTimer: ReturnType<typeof setTimeout> | undefined;
  /** Ends the watch for the page going away. */
  #stopListening: () => void = () => undefined;
  /** Settles the promise of the session's rates. */
  #tellRates: (rates: Rates) => void = () => undefined;
  /** Rejects `ready`, if it is still open. */
  #fail: (error: Error) => void = () => undefined;

  /** Starts the call: create it inside the visitor's gesture, or the browser will not play sound. */
  constructor(options: SessionOptions, owner: SessionOwner, browser: Browser) {
    this.#options = options;
    this.#owner = owner;
    this.#browser = browser;
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.ready = Promise.race([this.#open(), failed]).catch((error: unknown) => {
      this.#end();
      throw error;
    });
  }

  get isLive(): boolean {
    return this.#phase === "live";
  }

  get isOver(): boolean {
    return this.#phase === "over";
  }

  /** Whether messages reach the agent: from `session_started` to the end. */
  get isOpen(): boolean {
    return this.#created !== undefined && this.#phase !== "over";
  }

  get callId(): string | undefined {
    return this.#created?.call_id;
  }

  get inputLevel(): number {
    return this.#audio?.inputLevel ?? 0;
  }

  get outputLevel(): number {
    return this.#audio?.outputLevel ?? 0;
  }

  set muted(muted: boolean) {
    if (this.#audio) {
      this.#audio.muted = muted;
    }
  }

  async setInputDevice(deviceId: string | undefined): Promise<void> {
    await this.#audio?.setInputDevice(deviceId);
  }

  async setOutputDevice(deviceId: string | undefined): Promise<void> {
    await this.#audio?.setOutputDevice(deviceId);
  }

  send(message: ClientMessage): void {
    this.#connection?.send(message);
  }

  /** Ends the call on behalf of the page. */
  disconnect(): void {
    this.#fail(connectionFailed(namedError("AbortError", "disconnect() was called while connecting")));
    this.#end();
  }

  /** Everything before the `await` runs inside the gesture. */
  async #open(): Promise<void> {
    const options = this.#options;
    const browser = this.#browser;
    const rates = new Promise<Rates>((resolve) => {
      this.#tellRates = resolve;
    });
    let base;
    try {
      base = socketBase(options.baseUrl ?? defaultBase(browser.scriptUrl, browser.pageUrl));
      const address = { ...options, baseUrl: base };
      const { apiKey } = options;
      if (typeof apiKey === "string") {
        const url = connectUrl({ ...address, apiKey });
        this.#openAudio();
        this.#watch();
        this.#connect(url);
      } else {
        this.#openAudio();
        this.#watch();
        void this.#connectLater(apiKey, (key) => connectUrl({ ...address, apiKey: key }));
      }
    } catch (error) {
      throw connectionFailed(error);
    }
    const siblings = browser.siblingWorklets();
    const places = { named: options.workletUrl, siblings, serverUrl: base, pageUrl: browser.pageUrl };
    await (this.#audio?.open(places, rates) ?? rates);
    if (this.#phase === "opening") {
      this.#phase = "live";
    }
  }

  #openAudio(): void {
    if (this.#options.mode === "chat") {
      return;
    }
    this.#audio = new CallAudio(this.#browser, this.#options, {
      frame: (samples) => this.#sendFrame(samples),
      problem: (code, message) => {
        if (this.#phase !== "over") {
          this.#owner.emit("error", { code, message });
        }
      },
    });
    this.#audio.muted = this.#owner.isMuted;
  }

  /** Opens the socket when the key is there, unless the call is over by then. */
  async #connectLater(fetchKey: () => Promise<string>, urlFor: (key: string) => string): Promise<void> {
    try {
      const url = urlFor(await fetchKey());
      if (this.#phase !== "over") {
        this.#connect(url);
      }
    } catch (error) {
      this.#fail(connectionFailed(error));
    }
  }

  #connect(url: string): void {
    this.#connection = new Connection(this.#browser.openSocket(url), {
      message: (message) => this.#receive(message),
      closed: (code) => this.#closed(code),
    });
  }

  /** Limits the wait for the session, and ends the call with the page. */
  #watch(): void {
    this.#openingTimer = setTimeout(() => {
      const message = `the server did not open the session within ${OPENING_MS / 1000} s`;
      this.#fail(connectionFailed(namedError("TimeoutError", message)));
    }, OPENING_MS);
    const { events } = this.#browser;
    events.addEventListener("pagehide", this.#leave);
    this.#stopListening = () => events.removeEventListener("pagehide", this.#leave);
  }

  /** The page goes away: nobody will be there to wait for an answer. */
  readonly #leave = (): void => {
    this.disconnect();
    this.#connection?.closeNow();
  };

  /** Tells the page of the session: nothing before it knows of the start, and nothing after it knows of the end. */
  readonly #tell: SessionOwner["emit"] = (name, ...args) => {
    if (this.#created && !this.#reported) {
      this.#owner.emit(name, ...args);
    }
  };

  #receive(message: ServerMessage): void {
    const emit = this.#tell;
    switch (message.type) {
      case "session.created":
        this.#begin(message);
        break;
      case "session.closed":
        this.#connection?.hangUp();
        this.#finish(`the server ended the session: ${message.reason}`, message.reason);
        break;
      case "output_audio.delta":
        this.#play(message.audio);
        break;
      case "interruption":
        this.#audio?.flush();
        emit("interruption");
        break;
      case "agent_start_talking":
      case "agent_stop_talking":
        emit(message.type);
        break;
      case "transcript":
        emit("transcript", { role: message.role, text: message.text });
        break;
      case "transcript.delta":
        emit("transcript_delta", { role: message.role, text: message.text });
        break;
      case "function_call":
        this.#callTool({ call_id: message.call_id, name: message.name, arguments: message.arguments });
        break;
      case "error":
        this.#receiveError(message.code, message.message);
        break;
      case "session.updated":
        emit("tools_declared", { tools: message.tools });
        break;
    }
  }

  #begin(created: SessionCreated): void {
    if (this.#created || this.#phase === "over") {
      return;
    }
    clearTimeout(this.#openingTimer);
    this.#created = created;
    // A token may have fixed other rates than the page asked for, so the server's word comes first.
    const agentRateHz = created.sample_rate;
    const microphoneRateHz = created.input_rate ?? inputOnlyRateHz(this.#options.sampleRate) ?? agentRateHz;
    this.#tellRates({ agentRateHz, microphoneRateHz });
    this.#owner.emit("session_started", { session_id: created.session_id, call_id: created.call_id });
    if (this.#owner.tools) {
      this.send(updateSession(this.#owner.tools));
    }
  }

  #callTool(call: FunctionCall): void {
    if (this.isOpen) {
      this.#tell("function_call", call);
      // The result belongs to this session, whatever becomes of the agent object meanwhile.
      this.#owner.runTool(call, (output) => this.send(functionCallResult(call.call_id, output)));
    }
  }

  #receiveError(code: string, message: string): void {
    if (this.#created) {
      this.#tell("error", { code, message });
      if (isRefusal(code)) {
        this.#tell("tools_refused", { code, message });
      }
    } else {
      this.#refusal = namedError("SessionRefused", `${code}: ${message}`);
    }
  }

  #play(audio: string): void {
    if (this.#phase === "over") {
      return;
    }
    try {
      this.#audio?.play(samplesOf(decodeBase64(audio)));
    } catch (error) {
      this.#browser.reportError(error);
    }
  }

  #sendFrame(samples: Int16Array<ArrayBuffer>): void {
    this.#connection?.sendLossy(appendAudio(encodeBase64(new Uint8Array(samples.buffer))));
  }

  #closed(code: number): void {
    const guess = "the server cannot be reached, or it refused the key or the agent";
    this.#finish(`the socket closed with code ${code}: ${guess}`, String(code));
  }

  /** Ends the call from the server's side, and tells the page once, if it was told of the start. */
  #finish(explanation: string, reason: string): void {
    this.#fail(connectionFailed(this.#refusal ?? namedError("ConnectionClosed", explanation)));
    this.#end();
    if (this.#created && !this.#reported) {
      this.#reported = true;
      this.#owner.emit("session_ended", { reason });
    }
  }

  #end(): void {
    if (this.#phase === "over") {
      return;
    }
    this.#phase = "over";
    clearTimeout(this.#openingTimer);
    this.#stopListening();
    this.#audio?.close();
    this.#connection?.close();
  }
}
