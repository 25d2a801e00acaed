/** What of an answer's way only the page can measure: the network, and the loudspeaker's queue. Pure. */

/** Round trips that are remembered: the fastest of them had the least to wait for. */
const KEPT = 8;

/** An answer that is not heard by then never will be: it was interrupted, or nothing plays here. In milliseconds. */
const LONGEST_MS = 5000;

/** How long a message takes to this page: half of the fastest round trip of a small request. */
export class RoundTrips {
  #trips: readonly number[] = [];

  add(ms: number): void {
    this.#trips = [...this.#trips, ms].slice(-KEPT);
  }

  /** Milliseconds; undefined before the first measurement. */
  get oneWayMs(): number | undefined {
    return this.#trips.length === 0 ? undefined : Math.min(...this.#trips) / 2;
  }
}

/** Measures from the arrival of an answer to its first sound. */
export class PlaybackClock {
  #arrivedAt: number | undefined;

  arrived(nowMs: number): void {
    this.#arrivedAt = nowMs;
  }

  /** The answer will not be heard. */
  giveUp(): void {
    this.#arrivedAt = undefined;
  }

  /**
   * The answer is being heard.
   *
   * @param sinceMs When its first sample was.
   * @returns The milliseconds from arrival to sound, once for each answer.
   */
  sounded(sinceMs: number): number | undefined {
    const ms = sinceMs - (this.#arrivedAt ?? -Infinity);
    this.#arrivedAt = undefined;
    return ms > LONGEST_MS ? undefined : Math.max(0, ms);
  }
}
