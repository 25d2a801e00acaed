import type { Connection } from "./connection.js";
import { Kept } from "./kept.js";

/** Kept audio is sent at no more than this multiple of real time. Source: docs/wire-extension.md, "Resume". */
const REPLAY_SPEED = 10;

/** Audio that may be sent at once where none was for a while, in seconds: what a held-back page has gathered. */
const BURST_S = 1;

/** How often waiting messages are looked at while no new one does so, in milliseconds. */
const PUMP_MS = 40;

/** Numbers what the client says, keeps it until the server has it, and sends it in order, at the speed allowed. */
export class Outbox {
  readonly #now: () => number;
  readonly #kept = new Kept();
  /** The socket to send on; none while the server is away. */
  #connection: Connection | undefined;
  /** The number of the newest message that the present socket was given. */
  #sent = 0;
  /** How much audio may be sent, in seconds, and when that was counted. */
  #budgetS = 0;
  #budgetAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param now Milliseconds that only rise. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The number of the newest message, sent or waiting. */
  get last(): number {
    return this.#kept.last;
  }

  /** Takes a message, and sends it if it may be; `false` where there is no room. */
  add(encode: (seq: number) => string | ArrayBuffer, audioS = 0): boolean {
    const hasRoom = this.#kept.add(encode, audioS);
    // Each frame of the microphone moves what waits: its clock is not held back in hidden pages, as timers are.
    this.#pump();
    return hasRoom;
  }

  /** Forgets what the server has, up to number `seq`. */
  confirm(seq: number): void {
    this.#kept.confirm(seq);
  }

  /** Goes on on this socket, with what is numbered above `seq`. */
  open(connection: Connection, seq: number): void {
    this.#connection = connection;
    this.#sent = seq;
    this.confirm(seq);
    // Only a call that has just begun has nothing to catch up with.
    this.#budgetS = this.last > seq ? 0 : BURST_S;
    this.#budgetAtMs = this.#now();
    this.#pump();
  }

  /** Keeps everything until there is another socket. */
  pause(): void {
    this.#connection = undefined;
    clearTimeout(this.#timer);
  }

  readonly #pump = (): void => {
    clearTimeout(this.#timer);
    const connection = this.#connection;
    if (!connection) {
      return;
    }
    const nowMs = this.#now();
    const earnedS = (REPLAY_SPEED * (nowMs - this.#budgetAtMs)) / 1000;
    this.#budgetS = Math.min(BURST_S, this.#budgetS + earnedS);
    this.#budgetAtMs = nowMs;
    let next;
    while ((next = this.#kept.after(this.#sent))) {
      if (connection.isFull || next.audioS > this.#budgetS) {
        this.#timer = setTimeout(this.#pump, PUMP_MS);
        return;
      }
      this.#budgetS -= next.audioS;
      this.#sent = next.seq;
      connection.send(next.frame);
    }
  };
}
