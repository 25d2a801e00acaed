import { closeSession, parseServerMessage, type ServerMessage } from "./protocol.js";

/** How long a closing session waits for the server's `session.closed`, in milliseconds. */
const GOODBYE_MS = 1000;

/** How long a closed socket may take to say so, in milliseconds; browsers wait up to a minute. */
const CLOSE_MS = 2000;

/** Unsent bytes above which microphone frames have to wait: about four seconds of them at 24 kHz. */
const MOST_UNSENT_BYTES = 256 * 1024;

// WebSocket.OPEN and CONNECTING, without asking for the browser's WebSocket.
const CONNECTING = 0;
const OPEN = 1;

/** Close code for "the connection was lost". Source: RFC 6455, section 7.4.1. */
const ABNORMAL_CLOSURE = 1006;

export interface ConnectionListener {
  message(message: ServerMessage): void;
  /** The socket is closed; comes once, and nothing after it. */
  closed(code: number): void;
}

/** One socket: parsed messages in, messages out, and a goodbye that takes no longer than it may. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #listener: ConnectionListener;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saidGoodbye = false;
  #closed = false;

  constructor(socket: WebSocket, listener: ConnectionListener) {
    this.#socket = socket;
    this.#listener = listener;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      const message = this.#closed ? undefined : parseServerMessage(data);
      if (message) {
        listener.message(message);
      }
    };
    socket.onclose = ({ code }) => this.#finish(code);
  }

  /** Whether the network is slower than the microphone. */
  get isFull(): boolean {
    return this.#socket.bufferedAmount > MOST_UNSENT_BYTES;
  }

  send(frame: string | ArrayBuffer): void {
    if (this.#socket.readyState === OPEN && !this.#saidGoodbye) {
      this.#socket.send(frame);
    }
  }

  /**
   * Says goodbye at once and lets the server answer for a moment.
   *
   * The message is given to the browser before this returns, so that it still leaves a page that is unloading.
   */
  close(): void {
    if (this.#socket.readyState === CONNECTING) {
      this.closeNow();
      return;
    }
    if (!this.#closed && !this.#saidGoodbye) {
      this.#sayGoodbye();
      this.#timer = setTimeout(() => this.closeNow(), GOODBYE_MS);
    }
  }

  /** Says goodbye and closes the socket without waiting for an answer. */
  closeNow(): void {
    this.#sayGoodbye();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#finish(ABNORMAL_CLOSURE), CLOSE_MS);
    this.#socket.close(1000);
  }

  /** Closes the socket after the server's goodbye. */
  hangUp(): void {
    this.#saidGoodbye = true;
    this.closeNow();
  }

  /** Lets go of a dead socket without a goodbye, which would end the call; the listener hears nothing more. */
  abandon(): void {
    if (!this.#closed) {
      this.#closed = true;
      clearTimeout(this.#timer);
      this.#socket.close();
    }
  }

  #sayGoodbye(): void {
    this.send(JSON.stringify(closeSession()));
    this.#saidGoodbye = true;
  }

  #finish(code: number): void {
    if (!this.#closed) {
      this.#closed = true;
      clearTimeout(this.#timer);
      this.#listener.closed(code);
    }
  }
}
