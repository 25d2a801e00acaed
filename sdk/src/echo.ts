/**
 * Measures whether the microphone hears the agent.
 *
 * Echo follows what was played: after some delay the loudness of the microphone rises and falls with that of the
 * agent. That is measured as the normalised correlation of both envelopes over seconds of speech, for every delay
 * up to half a second. A visitor who talks over the agent has a rhythm of his own, and must never be muted by
 * mistake: echo counts only when two stretches of speech, one after the other, find it at the same delay.
 */

/** One value of both envelopes stands for this long, in seconds. */
export const HOP_S = 0.02;

/** How long a stretch is, and how late an echo may be, in hops. */
const STRETCH = 150;
const LATEST = 25;

/** Root mean squares: a quieter agent is silent, and quieter echo does not disturb. */
const AUDIBLE = 0.01;
const DISTURBING = 0.002;

/** Independent voices reach 0.6 at their best delay in three seconds; echo in a quiet room stays above 0.9. */
const SURE = 0.8;
const GONE = 0.4;

/** Delays of one echo differ by so many hops at most. */
const SAME = 2;

/** So many stretches in a row without echo end it: 12 s of speech. */
const STRETCHES_GONE = 4;

/** A voice whose loudness varies by less than this share of its mean has no rhythm that could be found again. */
const STEADY = 0.2;

/** The agent pauses between words, but a longer silence is no part of a stretch: hops. */
const PAUSE = 25;

/** What is gathered for one delay: the sums of a correlation. */
interface Sums {
  agent: number;
  square: number;
  product: number;
}

export class EchoMeter {
  /** The agent's envelope, newest first. */
  readonly #past = new Float32Array(LATEST + 1);
  #sums: Sums[] = [];
  #microphone = 0;
  #square = 0;
  #count = 0;
  /** Hops since the agent was audible. */
  #silent = Number.POSITIVE_INFINITY;
  /** The delay that the last stretch found, in hops. */
  #delay: number | undefined;
  /** Stretches in a row without echo. */
  #without = 0;
  #isEcho = false;

  constructor() {
    this.#begin();
  }

  /** Whether the microphone hears the agent. */
  get isEcho(): boolean {
    return this.#isEcho;
  }

  /** How late it does, in seconds. */
  get delayS(): number {
    return this.#isEcho ? (this.#delay ?? 0) * HOP_S : 0;
  }

  /** Takes the root mean squares of one hop. */
  push(microphone: number, agent: number): void {
    this.#past.copyWithin(1, 0);
    this.#past[0] = agent;
    this.#silent = agent > AUDIBLE ? 0 : this.#silent + 1;
    if (this.#silent > PAUSE) {
      return;
    }
    this.#microphone += microphone;
    this.#square += microphone * microphone;
    this.#sums.forEach((sums, delay) => {
      const past = this.#past[delay]!;
      sums.agent += past;
      sums.square += past * past;
      sums.product += past * microphone;
    });
    this.#count += 1;
    if (this.#count === STRETCH) {
      this.#judge();
      this.#begin();
    }
  }

  #begin(): void {
    this.#sums = Array.from({ length: LATEST + 1 }, () => ({ agent: 0, square: 0, product: 0 }));
    this.#microphone = this.#square = this.#count = 0;
  }

  #judge(): void {
    let [best, at, level] = [0, 0, 0];
    const spread = this.#square - this.#microphone ** 2 / STRETCH;
    this.#sums.forEach(({ agent, square, product }, delay) => {
      const agentSpread = square - agent ** 2 / STRETCH;
      const shared = product - (agent * this.#microphone) / STRETCH;
      const correlation = shared / Math.sqrt(agentSpread * spread);
      if (agentSpread > (STEADY * agent) ** 2 / STRETCH && correlation > best) {
        best = correlation;
        at = delay;
        level = ((shared / agentSpread) * agent) / STRETCH;
      }
    });
    const found = best > SURE && level > DISTURBING;
    const again = found && this.#delay !== undefined && Math.abs(at - this.#delay) <= SAME;
    this.#without = best > GONE && level > DISTURBING ? 0 : this.#without + 1;
    this.#isEcho = again || (this.#isEcho && this.#without < STRETCHES_GONE);
    if (found || !this.#isEcho) {
      this.#delay = found ? at : undefined;
    }
  }
}
