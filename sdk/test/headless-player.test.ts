import { expect, test } from "vitest";
import { HeadlessPlayer, type AudioSink } from "../src/headless-player.js";
import type { Playback } from "../src/sound.js";

const RATE_HZ = 16000;
const LEAD_S = 0.1;
const TICK_MS = 25;
/** The queue fades in and out for so many samples. */
const EDGE = 64;

/** A player whose clock is the test's, and a sink that remembers. */
class Scene implements AudioSink {
  nowMs = 1000;
  pendingS?: number;
  isSuspended = false;
  readonly written: number[] = [];
  readonly playbacks: Playback[] = [];
  readonly problems: string[] = [];
  readonly player = new HeadlessPlayer(
    { rateHz: RATE_HZ, sink: this, leadS: LEAD_S, now: () => this.nowMs },
    {
      playback: (playback) => this.playbacks.push(playback),
      problem: (code) => this.problems.push(code),
    },
  );

  write(samples: Int16Array): void {
    this.written.push(...samples);
  }

  get last(): Playback | undefined {
    return this.playbacks.at(-1);
  }

  /** Time passes, and is looked at as often as it is in a call. */
  wait(ms: number): void {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      this.nowMs += TICK_MS;
      this.player.tick();
    }
  }

  say(turn: number, samples: Int16Array<ArrayBuffer>, start = 0): void {
    this.player.play({ turn, start, samples });
  }
}

/** A voice whose every sample is another one. */
const voice = (seconds: number, first = 1): Int16Array<ArrayBuffer> =>
  Int16Array.from({ length: seconds * RATE_HZ }, (_, index) => first + index);

/** A sink holds little, so that little is heard after an interruption; a turn begins without delay all the same. */
test("the sink is filled up to the lead at once, and then as fast as it is heard", () => {
  const scene = new Scene();
  scene.say(1, voice(1));
  scene.player.tick();
  scene.wait(50);
  expect(scene.written.length).toBeLessThanOrEqual((0.05 + LEAD_S) * RATE_HZ);
  expect(scene.written.length).toBeGreaterThanOrEqual(LEAD_S * RATE_HZ);
  scene.wait(500);

  expect(scene.written.length / RATE_HZ).toBeCloseTo(0.55 + LEAD_S, 1);
});

/** Every sample once and in order; only the edges of a turn are softened. */
test("what is written is what was said, sample by sample", () => {
  const scene = new Scene();
  const said = voice(1);
  for (let start = 0; start < said.length; start += 640) {
    scene.say(1, said.slice(start, start + 640), start);
  }
  scene.wait(1500);

  expect(scene.written.slice(EDGE, said.length - EDGE)).toEqual([...said.slice(EDGE, -EDGE)]);
  expect(scene.written.slice(said.length).every((sample) => sample === 0)).toBe(true);
});

/** Captions, memory and pace follow what has been heard, not what has been written. */
test("what the sink holds has not been heard", () => {
  const scene = new Scene();
  scene.say(1, voice(1));
  scene.wait(500);

  expect(scene.last?.state).toBe("playing");
  expect(scene.written.length - scene.last!.played).toBeGreaterThanOrEqual((LEAD_S - 0.05) * RATE_HZ);
  scene.wait(1000);
  expect(scene.last).toEqual({ turn: 1, played: RATE_HZ, state: "idle" });
});

/** A loudspeaker that knows better than the clock is believed. */
test("a sink may say itself how much it holds", () => {
  const scene = new Scene();
  scene.pendingS = 0.05;
  scene.say(1, voice(1));
  scene.player.tick();
  scene.wait(25);
  scene.pendingS = LEAD_S;
  const before = scene.written.length;
  scene.wait(300);

  expect(scene.written.length).toBe(before);
});

/** Once when it begins, whenever something changes, and often enough while it plays. */
test("the position is told at the start and at least four times a second", () => {
  const scene = new Scene();
  scene.player.report();
  scene.say(1, voice(2));
  scene.wait(3000);
  const states = scene.playbacks.map(({ state }) => state);

  expect(scene.playbacks[0]).toEqual({ turn: 0, played: 0, state: "idle" });
  expect(states.filter((state) => state === "playing").length).toBeGreaterThanOrEqual(8);
  expect(states.at(-1)).toBe("idle");
});

/** A voice that is held goes on where it stopped. */
test("a hold stops, and a release goes on from the very sample", () => {
  const scene = new Scene();
  scene.say(1, voice(1));
  scene.wait(300);
  scene.player.hold();
  scene.wait(200);
  const held = scene.written.length;
  expect(scene.last).toMatchObject({ turn: 1, state: "held" });
  scene.wait(500);
  expect(scene.written.length).toBe(held);
  const { played } = scene.last!;
  scene.player.release();
  scene.wait(100);
  const next = scene.written.slice(held).findIndex((sample) => sample === played + EDGE + 1);

  expect(scene.last?.state).toBe("playing");
  expect(next).toBe(EDGE);
});

/** Late frames of a dead turn are known by its number. */
test("a flush drops the turn and all that comes of it", () => {
  const scene = new Scene();
  scene.say(1, voice(1));
  scene.wait(300);
  scene.player.flush(1);
  const cut = scene.written.length;
  scene.say(1, voice(1), RATE_HZ);
  scene.wait(500);
  expect(scene.written.length - cut).toBeLessThanOrEqual(EDGE + 0.02 * RATE_HZ);
  expect(scene.last).toMatchObject({ turn: 1, state: "idle" });
  scene.say(2, voice(0.2, 5000));
  scene.wait(500);

  expect(scene.last).toEqual({ turn: 2, played: 0.2 * RATE_HZ, state: "idle" });
  expect(scene.written).toContain(5000 + EDGE);
});

/** During a phone call nothing is heard, so nothing passes. */
test("a sink that is suspended says so, and nothing is lost", () => {
  const scene = new Scene();
  scene.say(1, voice(1));
  scene.wait(300);
  const before = scene.written.length;
  scene.isSuspended = true;
  scene.wait(2000);
  expect([scene.last?.state, scene.written.length]).toEqual(["suspended", before]);
  scene.isSuspended = false;
  scene.wait(2000);

  expect(scene.last).toEqual({ turn: 1, played: RATE_HZ, state: "idle" });
});

/** A process that was busy has left a gap; filling it afterwards would be a delay for ever. */
test("a clock that was late does not flood the sink", () => {
  const scene = new Scene();
  scene.say(1, voice(3));
  scene.wait(300);
  const before = scene.written.length;
  scene.nowMs += 800;
  scene.player.tick();

  expect(scene.written.length - before).toBeLessThanOrEqual((LEAD_S + 0.01) * RATE_HZ);
});

test("the volume weighs what is written", () => {
  const scene = new Scene();
  scene.player.volume = 0;
  scene.say(1, new Int16Array(RATE_HZ).fill(10000));
  scene.wait(1500);

  expect(Math.max(...scene.written.slice(RATE_HZ / 2))).toBe(0);
});

/** The oldest audio stays: it is what is heard next. */
test("a backlog without end is refused, and said", () => {
  const scene = new Scene();
  scene.say(1, new Int16Array(61 * RATE_HZ).fill(1));

  expect(scene.problems).toEqual(["playback_overflow"]);
});
