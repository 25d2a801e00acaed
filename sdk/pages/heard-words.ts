import type { AtomsAgentEvents } from "@vivavoce/agent-sdk";

type Caption = AtomsAgentEvents["caption"][0];

export interface HeardText {
  /** What has been heard of the turn. */
  readonly text: string;
  /** Its last word, which is being heard now. */
  readonly fresh: string;
}

/**
 * The text of the agent's running turn, word by word as it is heard.
 *
 * Servers without the extension of the wire tell no words: the text of `transcript_delta` is shown there.
 */
export class HeardWords {
  #turn = 0;
  #words: string[] = [];
  /** The text of this turn, and of older ones, is final. */
  #settled = 0;

  /** Whether the words of the running turn come one by one, sooner than its text does. */
  get isFollowing(): boolean {
    return this.#turn > this.#settled;
  }

  /** Takes a word; undefined where its turn has its final text already. */
  hear({ turn, text }: Caption): HeardText | undefined {
    if (turn <= this.#settled) {
      return undefined;
    }
    if (turn !== this.#turn) {
      this.#turn = turn;
      this.#words = [];
    }
    this.#words.push(text);
    return { text: this.#words.join(" "), fresh: text };
  }

  /** A turn has its final text; the running one where the server does not say which. */
  settle(turn = this.#turn): void {
    this.#settled = Math.max(this.#settled, turn);
  }
}
