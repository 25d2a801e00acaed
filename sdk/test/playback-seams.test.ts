/** Ten minutes of the worst: late frames, stalls, holds, interruptions, repeated and missing audio. */
import { expect, test } from "vitest";
import { deliveries, Ear, HIGHEST_HZ, PEAK, seeded, TARGET_HZ, BLOCK_S } from "./hostile-network.js";
import { seams, type Expected } from "./seams.js";

const EXPECTED: Expected = { rateHz: TARGET_HZ, peak: PEAK, highestHz: HIGHEST_HZ, fadeS: 0.004 };

/** What is heard of a conversation that goes wrong in every way, block by block. */
function* conversation(ear: Ear, seconds: number, seed: number): Generator<Float32Array> {
  const random = seeded(seed);
  const weather = { leadS: 0.3, jitterS: 0.3, stallsPerS: 0.2, stallS: 1 };
  let turn = 0;
  let coming: ReturnType<typeof deliveries> | undefined;
  let next: IteratorResult<{ atS: number; turn: number; start: number; samples: Int16Array<ArrayBuffer> }> = {
    done: true,
    value: undefined,
  };
  let quietUntilS = 0;
  let releaseAtS = Infinity;
  while (ear.nowS < seconds) {
    if (next.done && ear.nowS >= quietUntilS) {
      turn += 1;
      coming = deliveries(turn, 0.2 + 5 * random(), ear.nowS, weather, random);
      next = coming.next();
      quietUntilS = ear.nowS + 2 * random();
    }
    while (!next.done && next.value.atS <= ear.nowS) {
      const { value } = next;
      // Now and then a frame is lost, or comes twice.
      if (random() > 0.01) {
        ear.queue.push(value);
      }
      if (random() < 0.01) {
        ear.queue.push(value);
      }
      next = coming!.next();
    }
    if (random() < 0.3 * BLOCK_S) {
      ear.queue.flush(turn);
      next = { done: true, value: undefined };
    }
    if (random() < 0.5 * BLOCK_S) {
      ear.queue.hold();
      releaseAtS = ear.nowS + 0.6 * random();
    }
    if (ear.nowS >= releaseAtS) {
      ear.queue.release();
      releaseAtS = Infinity;
    }
    yield ear.hear();
  }
}

/** The seams of a conversation, without keeping all of it: blocks are looked at with the end of the one before. */
function seamsOf(ear: Ear, seconds: number, seed: number): { found: number; soundS: number; stops: number } {
  const window = new Float32Array(130);
  let found = 0;
  let sound = 0;
  let stops = 0;
  let wasLoud = false;
  for (const block of conversation(ear, seconds, seed)) {
    window.copyWithin(0, 128);
    window.set(block, 2);
    found += seams(window, EXPECTED).length;
    const loud = block.some((sample) => sample !== 0);
    sound += loud ? 1 : 0;
    stops += wasLoud && !loud ? 1 : 0;
    wasLoud = loud;
  }
  return { found, soundS: sound * BLOCK_S, stops };
}

/** Starts, underruns, flushes, holds, joints of turns and holes: none of them clicks. */
test("ten minutes of a bad connection have no seam", { timeout: 60_000 }, () => {
  const { found, soundS, stops } = seamsOf(new Ear(), 600, 1);

  expect(soundS).toBeGreaterThan(150);
  expect(stops).toBeGreaterThan(300);
  expect(found).toBe(0);
});

/** The same conversation without fades: so the test above can fail. */
test("the detector finds the seams when fades are turned off", () => {
  expect(seamsOf(new Ear({ fadeS: 0 }), 20, 1).found).toBeGreaterThan(20);
});
