import type { AgentFrame } from "./sound.js";

/** Samples of one turn without a hole. */
interface Run {
  readonly turn: number;
  /** The number of the first sample. */
  readonly start: number;
  length: number;
  /** How many have left the ring. */
  read: number;
}

/**
 * Unplayed samples, each with its turn and its number within it.
 *
 * Samples that were there already, or belong to a turn that was dropped, are passed over by number. Where the ring
 * is full the newest samples are refused, because the oldest are what the visitor hears next; what follows them
 * begins a run of its own, at the number that it has.
 */
export class NumberedRing {
  readonly #samples: Int16Array;
  #at = 0;
  #count = 0;
  /** The first is being read, or was read last. Each other one has a sample: at most as many as the ring has. */
  #runs: Run[] = [];
  /** Nothing of this turn, or of older ones, is taken. */
  #dropped = 0;

  /** @param capacity In samples. */
  constructor(capacity: number) {
    this.#samples = new Int16Array(capacity);
  }

  /** How many samples wait. */
  get count(): number {
    return this.#count;
  }

  /** The run that is being read. */
  get run(): Readonly<Run> | undefined {
    return this.#runs[0];
  }

  /** Whether all of the run has been read. */
  get isRead(): boolean {
    const [run] = this.#runs;
    return !run || run.read === run.length;
  }

  /**
   * Adds samples at the end.
   *
   * @returns How many found no room.
   */
  push({ turn, start, samples }: AgentFrame): number {
    const last = this.#runs.at(-1);
    if (turn <= this.#dropped || (last && turn < last.turn)) {
      return 0;
    }
    const end = last?.turn === turn ? last.start + last.length : start;
    const fresh = samples.subarray(Math.max(0, end - start));
    const taken = this.#write(fresh);
    if (last?.turn === turn && start <= end) {
      last.length += taken;
    } else if (taken > 0) {
      this.#runs.push({ turn, start, length: taken, read: 0 });
    }
    return fresh.length - taken;
  }

  /** Drops what waits of this turn and of older ones. The run that is being read ends where it is. */
  drop(turn: number): void {
    this.#dropped = Math.max(this.#dropped, turn);
    this.#runs.forEach((run) => {
      if (run.turn <= turn) {
        this.#leave(run.length - run.read);
        run.length = run.read;
      }
    });
    this.#runs = this.#runs.filter((run, index) => index === 0 || run.turn > turn);
  }

  /** Goes over to the next run, if there is one. */
  next(): boolean {
    const isNext = this.#runs.length > 1;
    if (isNext) {
      this.#runs.shift();
    }
    return isNext;
  }

  /**
   * Reads samples of the run into `target`, from -1 to 1.
   *
   * @returns How many.
   */
  take(target: Float32Array): number {
    const [run] = this.#runs;
    if (!run) {
      return 0;
    }
    const count = Math.min(target.length, run.length - run.read);
    for (let index = 0; index < count; index += 1) {
      target[index] = this.#samples[(this.#at + index) % this.#samples.length]! / 32768;
    }
    this.#leave(count);
    run.read += count;
    return count;
  }

  #write(samples: Int16Array): number {
    const capacity = this.#samples.length;
    const taken = Math.min(samples.length, capacity - this.#count);
    const at = (this.#at + this.#count) % capacity;
    const untilEnd = Math.min(taken, capacity - at);
    this.#samples.set(samples.subarray(0, untilEnd), at);
    this.#samples.set(samples.subarray(untilEnd, taken), 0);
    this.#count += taken;
    return taken;
  }

  #leave(count: number): void {
    this.#at = (this.#at + count) % this.#samples.length;
    this.#count -= count;
  }
}
