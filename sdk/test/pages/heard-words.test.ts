import { expect, test } from "vitest";
import { HeardWords } from "../../pages/heard-words.js";

const word = (turn: number, index: number, text: string) => ({ turn, index, text, start: 0, end: 0 });

test("words are joined as they are heard", () => {
  const words = new HeardWords();
  words.hear(word(1, 0, "Good"));

  expect(words.hear(word(1, 1, "morning."))).toEqual({ text: "Good morning.", fresh: "morning." });
  expect(words.isFollowing).toBe(true);
});

test("a new turn begins with its first word", () => {
  const words = new HeardWords();
  words.hear(word(1, 0, "Hello."));
  words.settle();

  expect(words.hear(word(2, 0, "Yes."))).toEqual({ text: "Yes.", fresh: "Yes." });
});

/** The final text has all of it. */
test("a word that comes behind the final text of its turn is passed over", () => {
  const words = new HeardWords();
  words.hear(word(1, 0, "Hello"));
  words.settle();

  expect(words.hear(word(1, 1, "there."))).toBeUndefined();
  expect(words.isFollowing).toBe(false);
});

/** It may come sooner than the first word, where the agent was cut off at once. */
test("a turn that was settled before its words has none", () => {
  const words = new HeardWords();
  words.hear(word(1, 0, "Hello."));
  words.settle(2);

  expect(words.hear(word(2, 0, "Yes."))).toBeUndefined();
});

/** Servers of the plain wire tell no words. */
test("nothing is followed where no word has come", () => {
  expect(new HeardWords().isFollowing).toBe(false);
});
