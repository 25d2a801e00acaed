import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../src/connection.js";
import { Outbox } from "../src/outbox.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Line {
  readonly sent: unknown[];
  isFull: boolean;
  send(frame: unknown): void;
}

function newLine(): Line {
  const sent: unknown[] = [];
  return { sent, isFull: false, send: (frame) => sent.push(frame) };
}

const newOutbox = (): Outbox => new Outbox(() => performance.now());
const open = (outbox: Outbox, line: Line, seq = 0): void => outbox.open(line as unknown as Connection, seq);
/** A second of sound. */
const second = (outbox: Outbox): boolean => outbox.add(String, 1);

/** Nothing waits without a reason. */
test("messages leave at once while there is a socket", () => {
  const outbox = newOutbox();
  const line = newLine();
  open(outbox, line);
  outbox.add(String);
  outbox.add(String, 0.04);

  expect(line.sent).toEqual(["1", "2"]);
});

/** A page that was held back has gathered frames; a second of them is no replay. */
test("a second of gathered sound leaves at once, and more at tenfold speed", () => {
  const outbox = newOutbox();
  const line = newLine();
  open(outbox, line);
  [1, 2, 3].forEach(() => second(outbox));
  expect(line.sent).toEqual(["1"]);

  vi.advanceTimersByTime(120);
  expect(line.sent).toEqual(["1", "2"]);
});

/** Words wait for the sound before them: the server gets everything in the order in which it was said. */
test("text does not overtake sound that waits", () => {
  const outbox = newOutbox();
  second(outbox);
  outbox.add(String);
  const line = newLine();
  open(outbox, line);
  expect(line.sent).toEqual([]);

  vi.advanceTimersByTime(120);
  expect(line.sent).toEqual(["1", "2"]);
});

/** The next socket begins with what the server lacks. */
test("another socket gets what the server has not", () => {
  const outbox = newOutbox();
  open(outbox, newLine());
  [1, 2, 3].forEach(() => outbox.add(String));
  outbox.pause();
  outbox.add(String);
  const line = newLine();
  open(outbox, line, 2);

  expect(line.sent).toEqual(["3", "4"]);
  expect(outbox.last).toBe(4);
});

/** A slow network is waited for, and nothing is lost. */
test("a full socket is looked at again until it has room", () => {
  const outbox = newOutbox();
  const line = newLine();
  line.isFull = true;
  open(outbox, line);
  outbox.add(String);
  vi.advanceTimersByTime(100);
  expect(line.sent).toEqual([]);

  line.isFull = false;
  vi.advanceTimersByTime(40);
  expect(line.sent).toEqual(["1"]);
  expect(vi.getTimerCount()).toBe(0);
});

/** Between two sockets nothing is sent, and no timer looks for one. */
test("a paused outbox keeps everything and leaves no timer", () => {
  const outbox = newOutbox();
  const line = newLine();
  open(outbox, line);
  [1, 2, 3].forEach(() => second(outbox));
  outbox.pause();
  vi.advanceTimersByTime(1000);

  expect(line.sent).toEqual(["1"]);
  expect(vi.getTimerCount()).toBe(0);
});
