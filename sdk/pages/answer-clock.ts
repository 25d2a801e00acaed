/** A microphone level that counts as speech, from 0 to 1: −34 dB, above a quiet room with gain control. */
const HEARD_LEVEL = 0.02;

/** A playback level that counts as sound, from 0 to 1. */
const SOUND_LEVEL = 0.002;

export interface Answer {
  /** From the end of the visitor's turn to the first sound of the answer, in milliseconds. */
  readonly afterMs: number;
  /** What the visitor's turn ended with. */
  readonly to: "speech" | "text";
}

/**
 * Measures in the page how long the agent takes to answer.
 *
 * The visitor's turn ends with the last microphone level that sounds like speech, or with a text sent.
 * The answer begins with the first audible sample. Between the two lies everything: the wait for the end of
 * the turn, recognition, thought, voice, both ways of the network, and the loudspeaker's queue.
 */
export class AnswerClock {
  #lastHeardAt: number | undefined;
  /** The turn whose answer is awaited. */
  #turn: { readonly endedAt: number; readonly by: "speech" | "text" } | undefined;

  /** The server has taken what was said as a turn. */
  turnTaken(): void {
    if (this.#lastHeardAt !== undefined) {
      this.#turn = { endedAt: this.#lastHeardAt, by: "speech" };
      this.#lastHeardAt = undefined;
    }
  }

  textSent(nowMs: number): void {
    this.#turn = { endedAt: nowMs, by: "text" };
    this.#lastHeardAt = undefined;
  }

  /**
   * Looks at both levels; call it on every frame.
   *
   * @returns The answer that begins now.
   */
  look(inputLevel: number, outputLevel: number, nowMs: number): Answer | undefined {
    if (inputLevel >= HEARD_LEVEL) {
      this.#lastHeardAt = nowMs;
    }
    const turn = this.#turn;
    if (!turn || outputLevel < SOUND_LEVEL) {
      return undefined;
    }
    this.#turn = undefined;
    return { afterMs: nowMs - turn.endedAt, to: turn.by };
  }
}
