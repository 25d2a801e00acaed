/** How much unconfirmed microphone audio is kept, in seconds: as long as a call waits for its client. */
const MOST_AUDIO_S = 60;

/** How much else is kept, in characters; a page that says more than that to nobody is in error. */
const MOST_TEXT = 4 * 1024 * 1024;

export interface KeptMessage {
  readonly seq: number;
  /** As it is sent, and sent again. */
  readonly frame: string | ArrayBuffer;
  /** Seconds of microphone audio in it; 0 for everything else. */
  readonly audioS: number;
}

/**
 * The numbered messages of the client that the server has not confirmed, in order.
 *
 * When there is too much audio, its oldest is forgotten; words and tool results never are.
 */
export class Kept {
  #messages: KeptMessage[] = [];
  #audioS = 0;
  #textLength = 0;
  #last = 0;

  /** The number of the newest message; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /**
   * Numbers a message and keeps it; `false` where there is no room, which happens to text only.
   *
   * @param encode Makes the message that is sent, given its number.
   */
  add(encode: (seq: number) => string | ArrayBuffer, audioS = 0): boolean {
    const frame = encode(this.#last + 1);
    const textLength = lengthOf(frame, audioS);
    if (this.#textLength + textLength > MOST_TEXT) {
      return false;
    }
    this.#last += 1;
    this.#messages.push({ seq: this.#last, frame, audioS });
    this.#audioS += audioS;
    this.#textLength += textLength;
    while (this.#audioS > MOST_AUDIO_S) {
      this.#forget(
        this.#messages.findIndex((message) => message.audioS > 0),
        1,
      );
    }
    return true;
  }

  /** Forgets what the server has, up to number `seq`. */
  confirm(seq: number): void {
    const rest = this.#messages.findIndex((message) => message.seq > seq);
    this.#forget(0, rest < 0 ? this.#messages.length : rest);
  }

  /** The first message that is numbered above `seq`. */
  after(seq: number): KeptMessage | undefined {
    return this.#messages.find((message) => message.seq > seq);
  }

  #forget(at: number, count: number): void {
    for (const { frame, audioS } of this.#messages.splice(at, count)) {
      this.#audioS -= audioS;
      this.#textLength -= lengthOf(frame, audioS);
    }
  }
}

/** What a message takes of the room for text. */
const lengthOf = (frame: string | ArrayBuffer, audioS: number): number =>
  audioS === 0 && typeof frame === "string" ? frame.length : 0;
