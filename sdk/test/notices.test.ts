import { expect, test } from "vitest";
import { noticeOf } from "../src/notices.js";
import type { ServerMessage } from "../src/protocol.js";

/** The page gets what a message says, and not how it travelled. */
test("a message becomes an event of its fields, less its number", () => {
  expect(noticeOf({ type: "hold", seq: 7, turn: 2 })).toEqual(["hold", { turn: 2 }]);
});

/** Pages of the Atoms SDK expect handlers without arguments here. */
test.each(["interruption", "agent_start_talking", "agent_stop_talking"] as const)(
  "%s is told without content",
  (type) => {
    expect(noticeOf({ type, seq: 7, turn: 2 })).toEqual([type]);
  },
);

/** The wire has dots where the page has words. */
test("messages with other names keep their content", () => {
  expect(noticeOf({ type: "transcript.delta", role: "assistant", text: "He", turn: 1 })).toEqual([
    "transcript_delta",
    { role: "assistant", text: "He", turn: 1 },
  ]);
  expect(noticeOf({ type: "session.updated", tools: ["f"] })).toEqual(["tools_declared", { tools: ["f"] }]);
});

/** Sound, captions and acknowledgements are the SDK's own business. */
test.each([
  { type: "pong" },
  { type: "input_ack", seq: 1 },
  { type: "caption", turn: 1, first: 0, words: [] },
  { type: "output_audio.delta", audio: "", start: 0 },
] satisfies ServerMessage[])("$type is not told", (message) => {
  expect(noticeOf(message)).toBeUndefined();
});
