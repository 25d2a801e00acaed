import { describe, expect, test } from "vitest";
import { PlaybackQueue } from "../src/playback-queue.js";
import { greatestStep, joined, toneDecibels } from "./tones.js";

const SOURCE_HZ = 24000;
const TARGET_HZ = 48000;
const BLOCK = 128;

/** A queue, and a server that numbers what it says turn by turn. */
class Line {
  readonly queue: PlaybackQueue;
  turn = 1;
  start = 0;

  constructor(capacityS: number, targetRateHz: number) {
    this.queue = new PlaybackQueue({ sourceRateHz: SOURCE_HZ, targetRateHz, capacityS });
  }

  get queuedS(): number {
    return this.queue.queuedS;
  }

  get cushionS(): number {
    return this.queue.cushionS;
  }

  get stand(): [turn: number, played: number, state: string] {
    return [this.queue.turn, this.queue.played, this.queue.state];
  }

  push(samples: Int16Array<ArrayBuffer>): number {
    const refused = this.queue.push({ turn: this.turn, start: this.start, samples });
    this.start += samples.length;
    return refused;
  }

  nextTurn(): void {
    this.turn += 1;
    this.start = 0;
  }

  flush(): void {
    this.queue.flush(this.turn);
    this.nextTurn();
  }

  pull(block: Float32Array): void {
    this.queue.pull(block);
  }
}

const newQueue = (capacityS = 60, targetRateHz = TARGET_HZ): Line => new Line(capacityS, targetRateHz);

/** Audio of the session: a sine at half of full scale, a continuous one from `at` seconds on. */
function voice(seconds: number, at = 0, frequencyHz = 300): Int16Array<ArrayBuffer> {
  const length = Math.round(seconds * SOURCE_HZ);
  const start = Math.round(at * SOURCE_HZ);
  const angle = (index: number): number => (2 * Math.PI * frequencyHz * (start + index)) / SOURCE_HZ;
  return Int16Array.from({ length }, (_, index) => 16384 * Math.sin(angle(index)));
}

/** What is heard in the next `seconds`. */
function played(queue: Line, seconds: number): Float32Array {
  const blocks = Array.from({ length: Math.round((seconds * TARGET_HZ) / BLOCK) }, () => {
    const block = new Float32Array(BLOCK);
    queue.pull(block);
    return block;
  });
  return joined(blocks);
}

const audible = (signal: Float32Array): number => signal.filter((sample) => Math.abs(sample) > 1e-4).length;
const firstSound = (signal: Float32Array): number => signal.findIndex((sample) => Math.abs(sample) > 1e-4);

/** The step between samples of the sine itself at the target rate; a click is many times that. */
const SMOOTH = 1.5 * 0.5 * ((2 * Math.PI * 300) / TARGET_HZ);

/** Nothing queued is silence, not noise. */
test("an empty queue plays silence", () => {
  expect(audible(played(newQueue(), 0.1))).toBe(0);
});

/** All of a turn is heard, at its pitch and level. */
test("a turn is played whole and unchanged", () => {
  const queue = newQueue();
  queue.push(voice(1));
  const heard = played(queue, 1.5);
  const middle = heard.subarray(0.2 * TARGET_HZ, 0.9 * TARGET_HZ);

  expect(toneDecibels(middle, 300, TARGET_HZ)).toBeCloseTo(20 * Math.log10(0.5), 1);
  expect(audible(heard) / TARGET_HZ).toBeCloseTo(1, 1);
  expect(queue.queuedS).toBe(0);
});

/** Frames of any size join without a seam. */
test("frames join without a click", () => {
  const queue = newQueue();
  const heard: Float32Array[] = [];
  for (let at = 0; at < 1; at += 0.02) {
    queue.push(voice(0.02, at));
    heard.push(played(queue, 0.016));
  }
  heard.push(played(queue, 0.5));

  expect(greatestStep(joined(heard))).toBeLessThan(SMOOTH);
});

/** Starts and ends fade, so a turn that begins or ends at a crest does not click. */
test("a turn that begins and ends abruptly fades in and out", () => {
  const queue = newQueue();
  queue.push(new Int16Array(SOURCE_HZ / 2).fill(16384));

  expect(greatestStep(played(queue, 1))).toBeLessThan(0.02);
});

/** Late frames leave a gap, and the gap has soft edges. */
test("an underrun fades out and in again", () => {
  const queue = newQueue();
  queue.push(new Int16Array(0.2 * SOURCE_HZ).fill(16384));
  const before = played(queue, 0.3);
  queue.push(new Int16Array(0.2 * SOURCE_HZ).fill(16384));
  const after = played(queue, 0.6);

  expect(greatestStep(joined([before, after]))).toBeLessThan(0.02);
  expect(audible(after) / TARGET_HZ).toBeCloseTo(0.2, 1);
});

describe("a flush", () => {
  /** After an interruption the agent is silent at once: within the fade. */
  test("silences within five milliseconds, softly", () => {
    const queue = newQueue();
    queue.push(new Int16Array(2 * SOURCE_HZ).fill(16384));
    const before = played(queue, 0.5);
    queue.flush();
    const after = played(queue, 0.5);

    expect(audible(after) / TARGET_HZ).toBeLessThan(0.005);
    expect(greatestStep(joined([before, after]))).toBeLessThan(0.02);
    expect(queue.queuedS).toBe(0);
  });

  /** Nothing of the next turn is lost, and nothing of the old one returns. */
  test("loses nothing of the turn that follows at once", () => {
    const queue = newQueue();
    queue.push(voice(2, 0, 300));
    played(queue, 0.5);
    queue.flush();
    queue.push(voice(1, 0, 1010));
    const heard = played(queue, 1.5);

    expect(audible(heard) / TARGET_HZ).toBeGreaterThan(0.98);
    expect(toneDecibels(heard.subarray(0.1 * TARGET_HZ), 300, TARGET_HZ)).toBeLessThan(-60);
  });

  /** It may come when nothing is there. */
  test("of an empty queue does nothing", () => {
    const queue = newQueue();
    queue.flush();

    expect(audible(played(queue, 0.1))).toBe(0);
  });
});

describe("the cushion", () => {
  /** A server that sends ahead is heard at once. */
  test("costs nothing when enough audio is there", () => {
    const queue = newQueue();
    queue.push(voice(0.1));

    expect(firstSound(played(queue, 0.1))).toBeLessThan(BLOCK);
  });

  /** A turn shorter than the cushion is played too, once the cushion's time has passed. */
  test("does not hold back a short turn for ever", () => {
    const queue = newQueue();
    queue.push(voice(0.02));
    const first = firstSound(played(queue, 0.2)) / TARGET_HZ;

    expect(first).toBeGreaterThan(0.03);
    expect(first).toBeLessThan(0.05);
  });

  /** Uneven delivery makes it grow, up to its limit. */
  test("grows with each underrun inside a turn", () => {
    const queue = newQueue();
    const sizes = Array.from({ length: 5 }, () => {
      queue.push(voice(0.4));
      played(queue, 0.6);
      return queue.cushionS;
    });

    expect(sizes).toEqual([0.04, 0.08, 0.16, 0.32, 0.32]);
  });

  /** Even delivery makes it shrink again, turn by turn. */
  test("shrinks after a turn without underrun", () => {
    const queue = newQueue();
    queue.push(voice(0.4));
    played(queue, 0.6);
    queue.push(voice(0.4));
    const sizes = Array.from({ length: 3 }, () => {
      played(queue, 1.2);
      queue.push(voice(0.4));
      return queue.cushionS;
    });

    expect(sizes).toEqual([0.08, 0.04, 0.04]);
  });

  /** What follows a flush is a new turn: it is not late. */
  test("does not grow by an interruption", () => {
    const queue = newQueue();
    queue.push(voice(2));
    played(queue, 0.5);
    queue.flush();
    played(queue, 0.1);
    queue.push(voice(1));

    expect(queue.cushionS).toBe(0.04);
  });
});

describe("a full ring", () => {
  /** The oldest audio is what the visitor hears next, so the newest is refused, and counted. */
  test("keeps the oldest audio and counts what it refuses", () => {
    const queue = newQueue(1);
    const refused = [queue.push(voice(0.75, 0, 300)), queue.push(voice(0.75, 0, 1000))];

    expect(refused).toEqual([0, 0.5 * SOURCE_HZ]);
    expect(queue.queuedS).toBe(1);
    expect(toneDecibels(played(queue, 0.5).subarray(1000), 300, TARGET_HZ)).toBeGreaterThan(-7);
  });

  /** The ring goes round many times without a seam. */
  test("is used again and again without a click", () => {
    const queue = newQueue(0.1);
    const heard: Float32Array[] = [];
    queue.push(voice(0.05, 0));
    for (let at = 0.05; at < 2; at += 0.032) {
      queue.push(voice(0.032, at));
      heard.push(played(queue, 0.032));
    }

    expect(greatestStep(joined(heard))).toBeLessThan(SMOOTH);
  });
});

/** Equal rates and odd rates play too. */
test.each([24000, 44100, 96000])("a context of %i Hz plays the whole turn", (targetRateHz) => {
  const queue = newQueue(60, targetRateHz);
  queue.push(voice(1));
  const heard = new Float32Array(2 * targetRateHz);
  for (let start = 0; start + BLOCK <= heard.length; start += BLOCK) {
    queue.pull(heard.subarray(start, start + BLOCK));
  }

  expect(audible(heard) / targetRateHz).toBeCloseTo(1, 1);
});

describe("the position", () => {
  /** All of a turn has been played when its last sample has, whatever the filter keeps back. */
  test("counts every sample of a turn", () => {
    const line = newQueue();
    line.push(voice(0.5));
    played(line, 0.25);
    const [, half] = line.stand;
    played(line, 0.5);

    expect(Math.abs(half - 0.25 * SOURCE_HZ)).toBeLessThan(BLOCK);
    expect(line.stand).toEqual([1, 0.5 * SOURCE_HZ, "idle"]);
  });

  /** Nothing is counted that is not heard: waiting for the cushion is not playing. */
  test("stands still until playback starts", () => {
    const line = newQueue();
    line.push(voice(0.02));
    played(line, 0.01);

    expect(line.stand).toEqual([0, 0, "idle"]);
  });

  /** An underrun stops it at the last sample, and late audio takes it up there. */
  test("goes on after an underrun where it stopped", () => {
    const line = newQueue();
    line.push(voice(0.1));
    played(line, 0.2);
    const stopped = line.stand;
    line.push(voice(0.1, 0.1));
    played(line, 0.3);

    expect(stopped).toEqual([1, 0.1 * SOURCE_HZ, "idle"]);
    expect(line.stand).toEqual([1, 0.2 * SOURCE_HZ, "idle"]);
  });

  /** A flush leaves it at what was heard, which is less than what was sent. */
  test("stays where a flush found it", () => {
    const line = newQueue();
    line.push(voice(2));
    played(line, 0.5);
    const [, before] = line.stand;
    line.flush();
    played(line, 0.1);
    const [turn, after, state] = line.stand;

    expect([turn, state]).toEqual([1, "idle"]);
    expect(after - before).toBeGreaterThanOrEqual(0);
    expect(after - before).toBeLessThanOrEqual(0.005 * SOURCE_HZ);
  });

  /** A turn that follows at once is counted from its own beginning. */
  test("begins anew with each turn", () => {
    const line = newQueue();
    line.push(voice(0.2));
    line.nextTurn();
    line.push(voice(0.3));
    played(line, 0.3);
    const [turn, count] = line.stand;

    expect(turn).toBe(2);
    expect(Math.abs(count - 0.1 * SOURCE_HZ)).toBeLessThan(2 * BLOCK);
  });

  /** It is the number of the sample, not the count of those that came: what is missing was not sent again. */
  test("follows the numbers over a hole", () => {
    const line = newQueue();
    line.push(voice(0.1));
    line.start += 1000;
    line.push(voice(0.1));
    played(line, 0.5);

    expect(line.stand).toEqual([1, 0.2 * SOURCE_HZ + 1000, "idle"]);
  });
});

describe("numbers", () => {
  /** What a resumed call sends again is heard once. */
  test("drop the samples that are there already", () => {
    const line = newQueue();
    line.push(voice(0.2));
    line.start = 0.1 * SOURCE_HZ;
    line.push(voice(0.2, 0.1));
    const heard = played(line, 0.6);

    expect(line.stand).toEqual([1, 0.3 * SOURCE_HZ, "idle"]);
    expect(audible(heard) / TARGET_HZ).toBeCloseTo(0.3, 1);
    expect(greatestStep(heard)).toBeLessThan(SMOOTH);
  });

  /** A frame of a flushed turn may have been on its way. */
  test("drop late frames of a flushed turn, and of older ones", () => {
    const line = newQueue();
    line.turn = 2;
    line.push(voice(0.5));
    played(line, 0.2);
    line.queue.flush(2);
    line.push(voice(0.5));
    line.turn = 1;
    line.push(voice(0.5));
    played(line, 0.01);

    expect(audible(played(line, 0.5))).toBe(0);
  });

  /** The next turn may be here already when the flush of the last one comes. */
  test("keep a newer turn through the flush of an older one", () => {
    const line = newQueue();
    line.push(voice(1, 0, 300));
    line.nextTurn();
    line.push(voice(0.5, 0, 1010));
    played(line, 0.2);
    line.queue.flush(1);
    played(line, 0.02);
    const heard = played(line, 0.4);

    expect(toneDecibels(heard, 1010, TARGET_HZ)).toBeGreaterThan(-7);
    expect(toneDecibels(heard, 300, TARGET_HZ)).toBeLessThan(-60);
  });

  /** Where the speech of two turns meets, both fade: it is no joint of one sound. */
  test("fade from one turn into the next", () => {
    const line = newQueue();
    line.push(new Int16Array(0.2 * SOURCE_HZ).fill(16384));
    line.nextTurn();
    line.push(new Int16Array(0.2 * SOURCE_HZ).fill(-16384));
    const heard = played(line, 0.5);

    expect(greatestStep(heard)).toBeLessThan(0.02);
    expect(audible(heard) / TARGET_HZ).toBeCloseTo(0.4, 1);
  });
});

describe("a hold", () => {
  /** The voice is lowered within 20 ms, and softly. */
  test("silences within 25 milliseconds", () => {
    const line = newQueue();
    line.push(new Int16Array(2 * SOURCE_HZ).fill(16384));
    const before = played(line, 0.5);
    line.queue.hold();
    const after = played(line, 0.5);

    expect(audible(after) / TARGET_HZ).toBeGreaterThan(0.015);
    expect(audible(after) / TARGET_HZ).toBeLessThan(0.025);
    expect(greatestStep(joined([before, after]))).toBeLessThan(0.02);
    expect(line.queue.state).toBe("held");
  });

  /** Every sample is played once: with the pause taken out, the sine goes on as if nothing had been. */
  test("ends at the very sample at which it began", () => {
    const line = newQueue();
    line.push(voice(1));
    const before = played(line, 0.3);
    line.queue.hold();
    const fading = played(line, 0.1);
    const [, held] = line.stand;
    line.queue.release();
    const after = played(line, 0.8);
    const whole = newQueue();
    whole.push(voice(1));
    const expected = played(whole, 1.1);
    const stopped =
      before.length + fading.reduce((last, sample, index) => (sample === 0 ? last : index + 1), 0);
    // Behind the fade-in, both are the same samples.
    const resumed = after.slice(0.005 * TARGET_HZ, 0.2 * TARGET_HZ);

    expect(Math.abs(held - stopped / 2)).toBeLessThanOrEqual(1);
    expect([...resumed]).toEqual([
      ...expected.subarray(stopped + 0.005 * TARGET_HZ, stopped + 0.2 * TARGET_HZ),
    ]);
    expect(line.stand).toEqual([1, SOURCE_HZ, "idle"]);
  });

  /** What comes meanwhile waits its turn. */
  test("takes audio in the meantime", () => {
    const line = newQueue();
    line.push(voice(0.2));
    played(line, 0.1);
    line.queue.hold();
    played(line, 0.1);
    line.push(voice(0.8, 0.2));
    played(line, 0.5);
    line.queue.release();

    expect(audible(played(line, 1.5)) / TARGET_HZ).toBeCloseTo(0.9, 1);
  });

  /** The visitor did mean it: the turn is over, and the next one is heard. */
  test("is ended by a flush, and lets the next turn be heard", () => {
    const line = newQueue();
    line.push(voice(1));
    played(line, 0.1);
    line.queue.hold();
    played(line, 0.1);
    const [, held] = line.stand;
    line.flush();
    const silence = played(line, 0.1);
    const stopped = line.stand;
    line.push(voice(0.5));

    expect(audible(silence)).toBe(0);
    expect(stopped).toEqual([1, held, "idle"]);
    expect(audible(played(line, 1)) / TARGET_HZ).toBeCloseTo(0.5, 1);
  });

  /** It may come before the first word. */
  test("holds back a turn that has not begun", () => {
    const line = newQueue();
    line.queue.hold();
    line.push(voice(0.5));
    const silence = played(line, 0.5);
    const { state } = line.queue;
    line.queue.release();

    expect(audible(silence)).toBe(0);
    expect(state).toBe("held");
    expect(audible(played(line, 1)) / TARGET_HZ).toBeCloseTo(0.5, 1);
  });
});
