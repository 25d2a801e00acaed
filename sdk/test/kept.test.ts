import { expect, test } from "vitest";
import { Kept } from "../src/kept.js";

/** The numbers of all messages that are kept. */
function numbers(kept: Kept): number[] {
  const found: number[] = [];
  for (let next = kept.after(0); next; next = kept.after(next.seq)) {
    found.push(next.seq);
  }
  return found;
}

const text = (kept: Kept, length = 1): boolean => kept.add(() => "x".repeat(length));
const second = (kept: Kept): boolean => kept.add(() => new ArrayBuffer(1), 1);

/** The number is known when the message is written. */
test("messages are numbered from one, one by one", () => {
  const kept = new Kept();
  kept.add((seq) => `first ${seq}`);
  kept.add((seq) => `second ${seq}`);

  expect([kept.after(0)?.frame, kept.after(1)?.frame, kept.after(2)]).toEqual([
    "first 1",
    "second 2",
    undefined,
  ]);
  expect(kept.last).toBe(2);
});

/** What the server has is not sent again, and takes no room. */
test("what is confirmed is forgotten", () => {
  const kept = new Kept();
  [1, 2, 3].forEach(() => text(kept));
  kept.confirm(2);
  expect(numbers(kept)).toEqual([3]);

  kept.confirm(9);
  expect(numbers(kept)).toEqual([]);
  expect(kept.last).toBe(3);
});

/** A minute is as long as the server waits; what is older helps nobody. */
test("the oldest of more than 60 s of audio is dropped, and no text", () => {
  const kept = new Kept();
  text(kept);
  second(kept);
  text(kept);
  for (let count = 0; count < 61; count += 1) {
    second(kept);
  }

  expect(numbers(kept).slice(0, 4)).toEqual([1, 3, 5, 6]);
  expect(numbers(kept).length).toBe(62);
});

/** Room that confirmed audio has left is used again. */
test("confirmed audio makes room", () => {
  const kept = new Kept();
  for (let count = 0; count < 60; count += 1) {
    second(kept);
  }
  kept.confirm(60);
  second(kept);

  expect(numbers(kept)).toEqual([61]);
});

/** Words are never dropped for others: what has no room is refused, and takes no number. */
test("text beyond all bounds is refused", () => {
  const kept = new Kept();

  expect([text(kept, 4_000_000), text(kept, 1_000_000), text(kept, 100)]).toEqual([true, false, true]);
  expect(numbers(kept)).toEqual([1, 2]);
});
