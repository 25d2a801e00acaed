import { resumeUrl } from "./address.js";
import { backoffMs } from "./backoff.js";
import { microphoneFrame } from "./binary-frames.js";
import { Connection } from "./connection.js";
import { startHeartbeat, type Heartbeat } from "./heartbeat.js";
import { Outbox } from "./outbox.js";
import { encodeBase64 } from "./pcm.js";
import type { Platform } from "./platform.js";
import {
  appendAudio,
  ping,
  reportPlayback,
  type Extension,
  type NumberedMessage,
  type ServerMessage,
} from "./protocol.js";
import type { Playback } from "./sound.js";

/** How long one try to reach the server may take, in milliseconds. */
const ATTEMPT_MS = 5000;

/** The close code of a socket in whose place another has come. Source: docs/wire-extension.md, "Resume". */
const REPLACED = "4409";

/** A call that is lost again within this time, in milliseconds, goes on waiting where it was with its tries. */
const STEADY_MS = 1000;

export interface ChannelListener {
  /** A message of the server that is new: none comes twice. */
  message(message: ServerMessage): void;
  /** The socket is lost, and the next is opened after `delayMs`. */
  reconnecting(attempt: number, delayMs: number): void;
  /** The call goes on, on another socket. */
  reconnected(awayMs: number): void;
  /** It is over, and nothing comes after it; `reason` is a close code, or the word of the extension. */
  closed(reason: string): void;
}

/**
 * The line to the server for one whole call.
 *
 * On the plain wire it is one socket. On the extension it numbers and keeps what is said, and takes the call up
 * on a new socket when the old one is lost.
 */
export class Channel {
  readonly #platform: Platform;
  /** The socket base of the server. */
  readonly #base: string;
  readonly #listener: ChannelListener;
  readonly #outbox: Outbox;
  /** The socket that speaks for the call; none between two tries to reach the server. */
  #connection: Connection | undefined;
  #extension: Extension | undefined;
  #heartbeat: Heartbeat | undefined;
  /** The last report, for a server that has missed it. */
  #playback: Playback | undefined;
  #pings = 0;
  /** The number of the last message that the server has sent. */
  #received = 0;
  /** Since when the server is lost, on the platform's clock. */
  #awaySinceMs: number | undefined;
  #lostWith = "";
  /** When the call was last taken up again. */
  #backSinceMs = -Infinity;
  #attempt = 0;
  #awayTimer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(platform: Platform, base: string, url: string, listener: ChannelListener) {
    this.#platform = platform;
    this.#base = base;
    this.#listener = listener;
    this.#outbox = new Outbox(() => platform.now());
    this.#connect(url);
  }

  /** Whether the server is lost and the call waits for it. */
  get isAway(): boolean {
    return this.#awaySinceMs !== undefined && !this.#isOver;
  }

  /** Sends a message, or keeps it until the server is back; `false` where there is no more room. */
  send(message: NumberedMessage): boolean {
    if (!this.#extension) {
      this.#connection?.send(JSON.stringify(message));
      return true;
    }
    return this.#keep((seq) => JSON.stringify({ ...message, seq }));
  }

  /** Sends microphone audio; on the plain wire it is lost when the network is slower than the microphone. */
  sendAudio(audio: Uint8Array, durationS: number): void {
    const append = (): NumberedMessage => appendAudio(encodeBase64(audio));
    const frames = this.#extension?.frames;
    if (frames) {
      this.#keep(
        (seq) => (frames === "binary" ? microphoneFrame(seq, audio) : JSON.stringify({ ...append(), seq })),
        durationS,
      );
    } else if (!this.#connection?.isFull) {
      this.send(append());
    }
  }

  /** Tells the server where playback stands; while it is lost, the last of the reports waits for it. */
  report(playback: Playback): void {
    this.#playback = playback;
    if (this.#extension && !this.isAway) {
      this.#connection?.send(JSON.stringify(reportPlayback(playback, this.#received)));
    }
  }

  /** Says goodbye, and waits a moment for the answer; where nobody is there to give one, it is over at once. */
  close(): void {
    if (this.isAway) {
      this.closeNow();
    } else {
      this.#stop();
      this.#connection?.close();
    }
  }

  /** Says goodbye without waiting. */
  closeNow(): void {
    const { isAway } = this;
    this.#stop();
    this.#connection?.closeNow();
    if (isAway) {
      this.#connection = undefined;
      this.#listener.closed("client_requested");
    }
  }

  /** Closes the socket after the server's goodbye. */
  hangUp(): void {
    this.#stop();
    this.#connection?.hangUp();
  }

  #connect(url: string): void {
    const connection: Connection = new Connection(this.#platform.openSocket(url), {
      message: (message) => this.#receive(message),
      closed: (code) => {
        if (connection === this.#connection) {
          this.#lost(String(code));
        }
      },
    });
    this.#connection = connection;
  }

  #receive(message: ServerMessage): void {
    this.#heartbeat?.heard();
    if (this.#awaySinceMs !== undefined && !this.#isOver && !this.#isBack(message, this.#awaySinceMs)) {
      return;
    }
    const { type, seq } = message;
    if (type === "input_ack") {
      this.#outbox.confirm(seq ?? 0);
    } else if (type === "session.created") {
      if (!this.#extension && message.ext) {
        this.#begin(message.ext);
      }
      this.#listener.message(message);
    } else if (type === "session.closed" || (type !== "pong" && this.#isNew(seq))) {
      this.#listener.message(message);
    }
  }

  /** Numbered messages come again after a resume; the others belong to their socket. */
  #isNew(seq: number | undefined): boolean {
    if (!this.#extension || seq === undefined) {
      return true;
    }
    const isNew = seq > this.#received;
    this.#received = Math.max(this.#received, seq);
    return isNew;
  }

  #begin(extension: Extension): void {
    this.#platform.events?.addEventListener("online", this.#online);
    this.#speakOn(extension);
  }

  /** Goes on with the extension on the present socket: what was heard first, then what was said. */
  #speakOn(extension: Extension): void {
    this.#extension = extension;
    if (this.#playback) {
      this.report(this.#playback);
    }
    if (this.#connection) {
      this.#outbox.open(this.#connection, extension.input_seq);
    }
    this.#heartbeat = startHeartbeat(
      () => this.#platform.now(),
      () => this.#connection?.send(JSON.stringify(ping((this.#pings += 1), this.#received))),
      () => this.#lost("1006"),
    );
  }

  #keep(encode: (seq: number) => string | ArrayBuffer, audioS = 0): boolean {
    return !this.#isOver && this.#outbox.add(encode, audioS);
  }

  /** The socket is gone: the end of the call, or a reason to open another. */
  #lost(code: string): void {
    if (this.#isOver || !this.#extension || code === REPLACED) {
      this.#finish(code);
      return;
    }
    this.#drop();
    if (this.#awaySinceMs === undefined) {
      const nowMs = this.#platform.now();
      this.#awaySinceMs = nowMs;
      this.#lostWith = code;
      this.#attempt = nowMs - this.#backSinceMs < STEADY_MS ? this.#attempt : 0;
    }
    this.#attempt += 1;
    const leftMs = this.#leftMs();
    if (leftMs <= 0) {
      this.#finish(this.#lostWith);
      return;
    }
    const delayMs = Math.min(backoffMs(this.#attempt, this.#platform.random()), leftMs);
    this.#awayTimer = setTimeout(this.#try, delayMs);
    this.#listener.reconnecting(this.#attempt, delayMs);
  }

  /** How long the server still waits for us, in milliseconds. */
  #leftMs(): number {
    const windowMs = 1000 * (this.#extension?.resume_window_s ?? 0);
    return (this.#awaySinceMs ?? 0) + windowMs - this.#platform.now();
  }

  readonly #try = (): void => {
    clearTimeout(this.#awayTimer);
    const leftMs = this.#leftMs();
    if (leftMs <= 0) {
      this.#finish(this.#lostWith);
      return;
    }
    const token = this.#extension?.resume_token ?? "";
    this.#connect(resumeUrl(this.#base, token, this.#received, this.#outbox.last));
    this.#awayTimer = setTimeout(() => this.#lost(this.#lostWith), Math.min(ATTEMPT_MS, leftMs));
  };

  /** The network is back: there is nothing to wait for. */
  readonly #online = (): void => {
    if (this.isAway && !this.#connection) {
      this.#try();
    }
  };

  /** Whether the first message on a new socket concerns the page; takes the call up where it may. */
  #isBack(message: ServerMessage, sinceMs: number): boolean {
    if (message.type === "session.closed") {
      return true;
    }
    if (message.type === "session.created" && message.ext?.resumed) {
      this.#resume(message.ext, this.#platform.now() - sinceMs);
    } else if (message.type === "session.created") {
      this.#finish("resume_failed");
    } else if (message.type === "error" && message.code === "resume_failed") {
      this.#listener.message(message);
      this.#finish(message.code);
    }
    // Anything else, such as the error of a server that is too busy, is followed by the end of the socket.
    return false;
  }

  #resume(extension: Extension, awayMs: number): void {
    clearTimeout(this.#awayTimer);
    this.#awaySinceMs = undefined;
    this.#backSinceMs = this.#platform.now();
    this.#speakOn(extension);
    this.#listener.reconnected(awayMs);
  }

  /** Lets go of a socket that does not speak for the call any more. */
  #drop(): void {
    this.#heartbeat?.stop();
    this.#outbox.pause();
    clearTimeout(this.#awayTimer);
    this.#connection?.abandon();
    this.#connection = undefined;
  }

  /** Nothing is sent or opened from here on. */
  #stop(): void {
    this.#isOver = true;
    this.#heartbeat?.stop();
    this.#outbox.pause();
    clearTimeout(this.#awayTimer);
    this.#platform.events?.removeEventListener("online", this.#online);
  }

  #finish(reason: string): void {
    if (!this.#isOver) {
      this.#drop();
    }
    this.#stop();
    this.#listener.closed(reason);
  }
}
