import { expect, test } from "vitest";
import { NumberedRing } from "../src/numbered-ring.js";

/** A frame whose samples are their own numbers. */
const frame = (turn: number, start: number, length: number) => ({
  turn,
  start,
  samples: Int16Array.from({ length }, (_, index) => start + index),
});

/** All of the run, as it was pushed. */
function read(ring: NumberedRing): number[] {
  const target = new Float32Array(100);
  return [...target.subarray(0, ring.take(target))].map((sample) => sample * 32768);
}

/** What goes in comes out, in order, also round the end of the ring. */
test("samples come out in order", () => {
  const ring = new NumberedRing(5);
  ring.push(frame(1, 0, 4));
  const first = read(ring);
  ring.push(frame(1, 4, 4));

  expect([first, read(ring)]).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ]);
});

/** A frame that overlaps what is there adds only what is new. */
test("samples that are there already are passed over", () => {
  const ring = new NumberedRing(100);
  ring.push(frame(1, 0, 4));
  ring.push(frame(1, 2, 4));
  ring.push(frame(1, 0, 3));

  expect(read(ring)).toEqual([0, 1, 2, 3, 4, 5]);
});

/** A hole or another turn is a run of its own, so that it can fade. */
test("a run ends at a hole and at the end of a turn", () => {
  const ring = new NumberedRing(100);
  ring.push(frame(1, 0, 2));
  ring.push(frame(1, 5, 2));
  ring.push(frame(2, 0, 2));
  const runs = [read(ring), ring.next(), read(ring), ring.next(), read(ring), ring.next()];

  expect(runs).toEqual([[0, 1], true, [5, 6], true, [0, 1], false]);
});

/** The newest samples are refused, and what follows keeps its number. */
test("what finds no room is refused, and leaves a hole", () => {
  const ring = new NumberedRing(4);
  const refused = ring.push(frame(1, 0, 6));
  const first = read(ring);
  ring.push(frame(1, 6, 2));
  ring.next();

  expect([refused, first, ring.run?.start, read(ring)]).toEqual([2, [0, 1, 2, 3], 6, [6, 7]]);
});

/** By number: late frames of the turn, and of older ones, are dropped too; newer ones stay. */
test("a turn is dropped with all that is older", () => {
  const ring = new NumberedRing(100);
  ring.push(frame(2, 0, 4));
  ring.push(frame(3, 0, 2));
  ring.drop(2);
  ring.push(frame(2, 4, 4));
  ring.push(frame(1, 0, 4));
  ring.push(frame(3, 2, 2));

  expect([ring.count, ring.isRead, ring.next(), read(ring)]).toEqual([4, true, true, [0, 1, 2, 3]]);
});
