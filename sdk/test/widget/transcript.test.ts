import { describe, expect, test } from "vitest";
import {
  withInterruption,
  withText,
  withTurnsEnded,
  withTyped,
  type Line,
  type Lines,
} from "../../src/widget/transcript.js";

const shown = (lines: Lines): string[] => lines.map(({ speaker, text }) => `${speaker}: ${text}`);

describe("the transcript", () => {
  /** A delta is the whole turn so far: it replaces the one before. */
  test("keeps one line for a turn", () => {
    let lines = withText([], "agent", "Hel", false);
    lines = withText(lines, "agent", "Hello", false);
    lines = withText(lines, "agent", "Hello!", true);

    expect(lines).toEqual([
      { speaker: "agent", text: "Hello!", settled: true, interrupted: false, pending: false },
    ]);
  });

  /** The greeting of a conversation that a message has opened comes before that message. */
  test("puts what the server says before what it does not know yet", () => {
    let lines = withTyped([], "What does it cost?");
    lines = withText(lines, "agent", "Hello!", true);

    expect(shown(lines)).toEqual(["agent: Hello!", "user: What does it cost?"]);
  });

  /** The server repeats what was written; it is shown once, and the answer comes after it. */
  test("settles what was written when the server has taken it", () => {
    let lines = withTyped([], "What does it cost?");
    lines = withText(lines, "user", "What does it cost?", true);
    lines = withText(lines, "agent", "Nothing.", true);

    expect(shown(lines)).toEqual(["user: What does it cost?", "agent: Nothing."]);
    expect(lines.some(({ pending }) => pending)).toBe(false);
  });

  test("does not take what is spoken for what was written", () => {
    let lines = withTyped([], "Write");
    lines = withText(lines, "user", "Speak", true);

    expect(shown(lines)).toEqual(["user: Speak", "user: Write"]);
  });

  test("marks the agent's open turn as interrupted", () => {
    const lines = withInterruption(withText([], "agent", "It costs", false));

    expect(lines.map(({ interrupted }: Line) => interrupted)).toEqual([true]);
  });

  /** A text that the server never settles is settled by the end of the turn. */
  test("settles everything at the end of a turn", () => {
    expect(withTurnsEnded(withText([], "agent", "It costs", false))[0]?.settled).toBe(true);
  });

  test("has no line for nothing", () => {
    expect(withText([], "user", " ", true)).toEqual([]);
  });

  /** A page may stay open for days. */
  test("is bounded", () => {
    let lines: Lines = [];
    for (let count = 0; count < 500; count += 1) {
      lines = withText(lines, "user", `line ${count}`, true);
    }

    expect(lines.length).toBe(400);
    expect(lines.at(-1)?.text).toBe("line 499");
  });
});
