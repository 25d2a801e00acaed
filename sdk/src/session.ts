import { inputOnlyRateHz } from "./address.js";
import { Channel } from "./channel.js";
import { connectionFailed, namedError } from "./errors.js";
import type { AtomsAgentEvents, EventName, FunctionCall } from "./events.js";
import { noticeOf, type Notice } from "./notices.js";
import { openingOf, type SessionOptions } from "./opening.js";
import type { Platform } from "./platform.js";
import {
  DEFAULT_RATE_HZ,
  functionCallResult,
  updateSession,
  type ClientTool,
  type NumberedMessage,
  type ServerMessage,
  type SessionCreated,
} from "./protocol.js";
import type { Playback, Rates, Sound } from "./sound.js";
import { isRefusal } from "./tools.js";
import { coderOf, Voice, type Coder } from "./voice.js";

/** How long the server may take to open the session, in milliseconds. Source: stock clients wait 8 to 15 s. */
const OPENING_MS = 15_000;

/** The agent object that the session belongs to. */
export interface SessionOwner {
  emit<Name extends EventName>(name: Name, ...args: AtomsAgentEvents[Name]): void;
  readonly isMuted: boolean;
  readonly volume: number;
  readonly tools: ClientTool[] | undefined;
  /** Runs a tool and gives its result to `answer`, if one is to be sent. */
  runTool(call: FunctionCall, answer: (output: string) => void): void;
}

/**
 * One call: opens the line to the server and the sound side by side, joins them, and takes them down again.
 *
 * It is `opening` until everything runs, then `live`, then `over`; there is no way back.
 * Every way to the end passes through `#end()`, which releases the devices and says goodbye.
 */
export class Session {
  /** Resolves when the call runs; rejects when it cannot be opened, or is ended before it runs. */
  readonly ready: Promise<void>;
  /** Missing in a chat. */
  sound: Sound | undefined;

  readonly #options: SessionOptions;
  readonly #owner: SessionOwner;
  readonly #platform: Platform;
  #phase: "opening" | "live" | "over" = "opening";
  #channel: Channel | undefined;
  /** What the server said when it created the session. */
  #created: SessionCreated | undefined;
  #playback: Playback | undefined;
  #voice: Voice | undefined;
  #coder: Coder | undefined;
  /** Why the server refused, where it said so before it closed the socket. */
  #refusal: Error | undefined;
  /** Whether the page knows that the session has ended. */
  #reported = false;
  #openingTimer: ReturnType<typeof setTimeout> | undefined;
  /** Settles the promise of the session's rates. */
  #tellRates: (rates: Rates) => void = () => undefined;
  /** Rejects `ready`, if it is still open. */
  #fail: (error: Error) => void = () => undefined;

  /** Starts the call: create it inside the visitor's gesture, or the browser will not play sound. */
  constructor(options: SessionOptions, owner: SessionOwner, platform: Platform) {
    this.#options = options;
    this.#owner = owner;
    this.#platform = platform;
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.ready = Promise.race([this.#open(), failed]).catch((error: unknown) => {
      this.#end();
      throw error;
    });
  }

  get state(): "connecting" | "live" | "reconnecting" | "over" {
    if (this.#phase === "over") {
      return "over";
    }
    const state = this.#phase === "live" ? "live" : "connecting";
    return this.#channel?.isAway ? "reconnecting" : state;
  }

  get isLive(): boolean {
    return this.#phase === "live";
  }

  /** Whether messages reach the agent: from `session_started` to the end. */
  get isOpen(): boolean {
    return this.#created !== undefined && this.#phase !== "over";
  }

  get callId(): string | undefined {
    return this.#created?.call_id;
  }

  send(message: NumberedMessage): void {
    if (this.#channel?.send(message) === false) {
      this.#tell("error", {
        code: "backlog_full",
        message: `${message.type} found no room among what waits for the server`,
      });
    }
  }

  /** Ends the call on behalf of the page. */
  disconnect(): void {
    this.#fail(connectionFailed(namedError("AbortError", "disconnect() was called while connecting")));
    this.#end();
  }

  /** Everything before the `await` runs inside the gesture. */
  async #open(): Promise<void> {
    const options = this.#options;
    const platform = this.#platform;
    const rates = new Promise<Rates>((resolve) => {
      this.#tellRates = resolve;
    });
    try {
      const { base, url } = openingOf(options, platform);
      if (options.mode !== "chat") {
        this.#openSound(base);
      }
      this.#watch();
      if (typeof url === "string") {
        this.#connect(base, url);
      } else {
        void this.#connectLater(base, url);
      }
    } catch (error) {
      throw connectionFailed(error);
    }
    await (this.sound?.open(rates) ?? rates);
    if (this.#phase === "opening") {
      this.#phase = "live";
    }
  }

  #openSound(serverUrl: string): void {
    const whileOpen =
      <Args extends unknown[]>(act: (...args: Args) => void) =>
      (...args: Args): void => {
        if (this.#phase !== "over") {
          act(...args);
        }
      };
    const { emit } = this.#owner;
    this.sound = this.#platform.openSound(
      { ...this.#options, serverUrl },
      {
        frame: (samples) => this.#coder?.code(samples),
        playback: whileOpen((playback) => this.#follow(playback)),
        levels: whileOpen((input, output) => this.#tell("levels", { input, output })),
        deviceChanged: whileOpen((kind, deviceId) => emit("device_changed", { kind, deviceId })),
        problem: whileOpen((code, message) => emit("error", { code, message })),
      },
    );
    this.sound.muted = this.#owner.isMuted;
    this.sound.volume = this.#owner.volume;
  }

  /** Opens the socket when its address is known, unless the call is over by then. */
  async #connectLater(base: string, findUrl: () => Promise<string>): Promise<void> {
    try {
      const url = await findUrl();
      if (this.#phase !== "over") {
        this.#connect(base, url);
      }
    } catch (error) {
      this.#fail(connectionFailed(error));
    }
  }

  #connect(base: string, url: string): void {
    this.#channel = new Channel(this.#platform, base, url, {
      message: (message) => this.#receive(message),
      reconnecting: (attempt, delayMs) => this.#tell("reconnecting", { attempt, delayMs }),
      reconnected: (awayMs) => {
        this.sound?.reportPlayback();
        this.#tell("reconnected", { callId: this.callId ?? "", awayMs });
      },
      closed: (reason) => {
        const guess = "the server cannot be reached, or it refused the key or the agent";
        this.#finish(`the socket closed with code ${reason}: ${guess}`, reason);
      },
    });
    // The loudspeaker may have been faster than the key.
    if (this.#playback) {
      this.#channel.report(this.#playback);
    }
  }

  /** Limits the wait for the session, and ends the call with the page. */
  #watch(): void {
    this.#openingTimer = setTimeout(() => {
      const message = `the server did not open the session within ${OPENING_MS / 1000} s`;
      this.#fail(connectionFailed(namedError("TimeoutError", message)));
    }, OPENING_MS);
    this.#platform.events?.addEventListener("pagehide", this.#leave);
  }

  /** The page goes away: nobody will be there to wait for an answer. */
  readonly #leave = (): void => {
    this.disconnect();
    this.#channel?.closeNow();
  };

  /** Tells the page of the session: nothing before it knows of the start, and nothing after it knows of the end. */
  readonly #tell: SessionOwner["emit"] = (name, ...args) => {
    if (this.#created && !this.#reported) {
      this.#owner.emit(name, ...args);
    }
  };

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "session.created":
        this.#begin(message);
        break;
      case "session.closed":
        this.#channel?.hangUp();
        this.#finish(`the server ended the session: ${message.reason}`, message.reason);
        break;
      case "function_call":
        this.#callTool({ call_id: message.call_id, name: message.name, arguments: message.arguments });
        break;
      case "error":
        this.#receiveError(message.code, message.message);
        break;
      default:
        this.#receiveTurn(message);
    }
  }

  /** Takes what happens in the conversation itself. */
  #receiveTurn(message: ServerMessage): void {
    if (this.#phase !== "over") {
      try {
        this.#voice?.receive(message);
      } catch (error) {
        this.#platform.reportError(error);
      }
    }
    const notice = noticeOf(message);
    if (notice) {
      (this.#tell as (...notice: Notice) => void)(...notice);
    }
  }

  #begin(created: SessionCreated): void {
    if (this.#created || this.#phase === "over") {
      return;
    }
    // A token may have fixed other rates than the page asked for, so the server's word comes first.
    const agentRateHz = created.sample_rate;
    const microphoneRateHz =
      created.input_audio_format.rateHz ?? inputOnlyRateHz(this.#options.sampleRate) ?? agentRateHz;
    try {
      this.#join(created, microphoneRateHz);
    } catch (error) {
      const message = "the token fixes Opus, which this browser does not have";
      this.#fail(connectionFailed(namedError("NotSupportedError", message, error)));
      return;
    }
    clearTimeout(this.#openingTimer);
    this.#created = created;
    this.#tellRates({ agentRateHz, microphoneRateHz });
    this.#owner.emit("session_started", { session_id: created.session_id, call_id: created.call_id });
    if (this.#owner.tools) {
      this.send(updateSession(this.#owner.tools));
    }
  }

  /** Joins sound and wire in the formats of the call. */
  #join(created: SessionCreated, microphoneRateHz: number): void {
    const { sound } = this;
    if (!sound) {
      return;
    }
    const reportError = (error: unknown): void => this.#platform.reportError(error);
    this.#voice = new Voice(sound, created, {
      now: () => this.#platform.now(),
      caption: (caption) => this.#tell("caption", caption),
      failed: reportError,
    });
    this.#coder = coderOf(
      created,
      microphoneRateHz,
      (audio, durationS) => this.#channel?.sendAudio(audio, durationS),
      reportError,
    );
  }

  #follow(playback: Playback): void {
    const { turn, played, state } = playback;
    this.#playback = playback;
    this.#channel?.report(playback);
    this.#voice?.follow(playback);
    this.#tell("playback", {
      turn,
      playedS: played / (this.#created?.sample_rate ?? DEFAULT_RATE_HZ),
      state,
    });
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
    this.#platform.events?.removeEventListener("pagehide", this.#leave);
    this.#voice?.close();
    this.#coder?.close();
    this.sound?.close();
    this.#channel?.close();
  }
}
