/** What uneven delivery does to the ear: gaps inside a turn, in simulated time. */
import { expect, test } from "vitest";
import { deliveries, Ear, seeded, SOURCE_HZ, type Weather } from "./hostile-network.js";

/** The longest silence inside turns, in seconds, and how much of them was heard. */
function listen(weather: Weather, seed: number): { gapS: number; complete: boolean } {
  const random = seeded(seed);
  // Equal rates need no filter: only time counts here.
  const ear = new Ear({ rateHz: SOURCE_HZ });
  let gapS = 0;
  let complete = true;
  for (let turn = 1; turn <= 5; turn += 1) {
    const frames = [...deliveries(turn, 8, ear.nowS, weather, random)];
    const last = frames.at(-1)!;
    const end = last.start + last.samples.length;
    let started = false;
    let silentS = 0;
    while (ear.queue.turn < turn || ear.queue.played < end) {
      while (frames[0] && frames[0].atS <= ear.nowS) {
        ear.queue.push(frames.shift()!);
      }
      const silent = ear.hear().every((sample) => sample === 0);
      started ||= !silent;
      silentS = silent && started ? silentS + 128 / SOURCE_HZ : 0;
      gapS = Math.max(gapS, silentS);
      if (ear.nowS > 600) {
        return { gapS, complete: false };
      }
    }
    complete &&= ear.queue.played === end;
    ear.nowS += 1;
  }
  return { gapS, complete };
}

const SEEDS = [1, 2, 3];

/** Uneven delivery is heard as gaps no longer than what made it late; most of it is not heard at all. */
test.each([0.02, 0.05, 0.1, 0.2, 0.3])("jitter of %d s makes no longer gap", (jitterS) => {
  for (const leadS of [0.1, 0.4, 1]) {
    for (const seed of SEEDS) {
      const { gapS, complete } = listen({ leadS, jitterS }, seed);

      expect(complete).toBe(true);
      expect(gapS).toBeLessThanOrEqual(jitterS);
    }
  }
});

/** A server that sends just in time leaves no choice but to wait for the cushion too: a third of a second at most. */
test.each([0.02, 0.1, 0.3])("jitter of %d s without a lead makes no gap beyond the cushion", (jitterS) => {
  for (const seed of SEEDS) {
    const { gapS, complete } = listen({ leadS: 0, jitterS }, seed);

    expect(complete).toBe(true);
    expect(gapS).toBeLessThanOrEqual(jitterS + 0.32);
  }
});

/** A network that stands still for a second is heard for no longer than that. */
test.each([0.1, 0.4, 1])("stalls of 1 s with a lead of %d s make no longer gap", (leadS) => {
  for (const seed of SEEDS) {
    const { gapS, complete } = listen({ leadS, jitterS: 0.02, stallsPerS: 0.2, stallS: 1 }, seed);

    expect(complete).toBe(true);
    expect(gapS).toBeLessThanOrEqual(1);
  }
});
