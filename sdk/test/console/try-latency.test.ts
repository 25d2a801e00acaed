import { describe, expect, test } from "vitest";
import { PlaybackClock, RoundTrips } from "../../console/try-latency.js";

describe("round trips", () => {
  test("nothing is known before the first", () => {
    expect(new RoundTrips().oneWayMs).toBeUndefined();
  });

  test("half of the fastest counts, for the others have waited for something", () => {
    const trips = new RoundTrips();
    [90, 40, 200].forEach((ms) => trips.add(ms));

    expect(trips.oneWayMs).toBe(20);
  });

  test("the last few count, so that a network that has become slow is seen", () => {
    const trips = new RoundTrips();
    trips.add(10);
    for (let times = 0; times < 8; times += 1) {
      trips.add(100);
    }

    expect(trips.oneWayMs).toBe(50);
  });
});

describe("playback", () => {
  test("counts from the arrival of an answer to its first sound, once", () => {
    const clock = new PlaybackClock();
    clock.arrived(1000);

    expect([clock.sounded(1060), clock.sounded(1070)]).toEqual([60, undefined]);
  });

  test("sound without an answer that has come is none", () => {
    expect(new PlaybackClock().sounded(1000)).toBeUndefined();
  });

  test("an answer that was interrupted is not waited for", () => {
    const clock = new PlaybackClock();
    clock.arrived(1000);
    clock.giveUp();

    expect(clock.sounded(1100)).toBeUndefined();
  });

  test("an answer is not heard before it has come, whatever two clocks say", () => {
    const clock = new PlaybackClock();
    clock.arrived(1000);

    expect(clock.sounded(995)).toBe(0);
  });

  test("an answer that is not heard for long is given up", () => {
    const clock = new PlaybackClock();
    clock.arrived(1000);

    expect(clock.sounded(7000)).toBeUndefined();
  });
});
