import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startHeartbeat, type Heartbeat } from "../src/heartbeat.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Told {
  readonly heartbeat: Heartbeat;
  /** When it asked, and when it gave up, in milliseconds. */
  readonly asked: number[];
  readonly lost: number[];
}

function start(): Told {
  const startMs = performance.now();
  const asked: number[] = [];
  const lost: number[] = [];
  const now = (): number => performance.now();
  const heartbeat = startHeartbeat(
    now,
    () => asked.push(now() - startMs),
    () => lost.push(now() - startMs),
  );
  return { heartbeat, asked, lost };
}

/** An answer to each question is all that a server has to give. */
test("a server that answers is asked every 2 s and never lost", () => {
  const { heartbeat, asked, lost } = start();
  for (let second = 0; second < 10; second += 1) {
    vi.advanceTimersByTime(1000);
    heartbeat.heard();
  }

  expect(asked).toEqual([2000, 4000, 6000, 8000, 10000]);
  expect(lost).toEqual([]);
});

/** The wait begins with the first question that nobody has answered. */
test("a server that says nothing for 5 s is lost, once", () => {
  const { lost } = start();
  vi.advanceTimersByTime(60_000);

  expect(lost).toEqual([7000]);
});

/** Browsers hold the timers of hidden pages back; that is no silence of the server's. */
test("a page whose timers rest does not lose a server that has answered", () => {
  const { heartbeat, asked, lost } = start();
  vi.advanceTimersByTime(2000);
  heartbeat.heard();
  const now = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000);
  vi.advanceTimersByTime(500);
  now.mockRestore();

  expect(asked.length).toBe(2);
  expect(lost).toEqual([]);
});

/** After the end nobody is asked. */
test("a heartbeat that is stopped leaves no timer", () => {
  const { heartbeat } = start();
  heartbeat.stop();

  expect(vi.getTimerCount()).toBe(0);
});
