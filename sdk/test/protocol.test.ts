import { expect, test } from "vitest";
import {
  appendAudio,
  closeSession,
  commitAudio,
  functionCallResult,
  parseServerMessage,
  sendText,
  updateSession,
} from "../src/protocol.js";
import { CREATED } from "./fake-browser.js";

const parse = (message: unknown): unknown => parseServerMessage(JSON.stringify(message));

/** The first message names ids and rates; the microphone's rate is optional on the wire. */
test("session.created gives ids and rates", () => {
  const { type, session_id, call_id } = CREATED;

  expect(parse(CREATED)).toEqual({
    type,
    session_id,
    call_id,
    sample_rate: 24000,
    input_audio_format: { encoding: "pcm", rateHz: undefined },
    output_audio_format: { encoding: "pcm", rateHz: undefined },
    ext: undefined,
  });
});

/** A server that names the microphone's format decides it. */
test.each([
  ["pcm_48000", 48000, "pcm"],
  ["pcm_8000", 8000, "pcm"],
  ["opus_48000", 48000, "opus"],
  ["mulaw_8000", undefined, "pcm"],
])("an input format of %s is a microphone rate of %s as %s", (input_audio_format, rateHz, encoding) => {
  expect(parse({ ...CREATED, input_audio_format })).toMatchObject({
    input_audio_format: { encoding, rateHz },
  });
});

/** The agent's voice has a format of its own. */
test("the agent's voice may be Opus where the microphone is not", () => {
  const formats = { input_audio_format: "pcm_22050", output_audio_format: "opus_24000" };

  expect(parse({ ...CREATED, ...formats })).toMatchObject({
    input_audio_format: { encoding: "pcm", rateHz: 22050 },
    output_audio_format: { encoding: "opus", rateHz: 24000 },
  });
});

/** Another version would have other rules. */
test.each([undefined, "1", { version: 2 }, { version: 1, frames: "json" }])(
  "the extension %j is taken for what it is",
  (ext) => {
    const isKnown = typeof ext === "object" && ext.version === 1;

    expect(parse({ ...CREATED, ext })).toMatchObject({ ext: isKnown ? { frames: "json" } : undefined });
  },
);

/** Number and turn stand on any message that has them, and on no other. */
test("number and turn are read where they are sound", () => {
  expect(parse({ type: "hold", seq: 30, turn: 1 })).toEqual({ type: "hold", seq: 30, turn: 1 });
  expect(parse({ type: "hold", seq: -1, turn: "1" })).toEqual({ type: "hold" });
});

/** A page draws these words: whatever is broken in them becomes empty. */
test("the words of a caption have texts and times", () => {
  const words = [{ text: "Hello,", start: 0.1, end: 0.5 }, { text: 7, start: 0.6 }, "x"];

  expect(parse({ type: "caption", turn: 1, first: 4, words })).toEqual({
    type: "caption",
    turn: 1,
    first: 4,
    words: [
      { text: "Hello,", start: 0.1, end: 0.5 },
      { text: "", start: 0.6, end: 0.6 },
    ],
  });
});

/** A session without a rate has the wire's default. */
test("a missing or broken rate is 24000", () => {
  expect(parse({ ...CREATED, sample_rate: undefined })).toMatchObject({ sample_rate: 24000 });
  expect(parse({ ...CREATED, sample_rate: -1 })).toMatchObject({ sample_rate: 24000 });
});

/** Messages without content stay as they are, less what this SDK does not know. */
test.each(["agent_start_talking", "agent_stop_talking", "interruption"])("%s has no content", (type) => {
  expect(parse({ type, timestamp: "2026-07-02T10:30:45.123456" })).toEqual({ type });
});

/** Both words for the agent are passed on; an unknown one is the agent too. */
test.each([
  ["user", "user"],
  ["assistant", "assistant"],
  ["agent", "agent"],
  ["bot", "assistant"],
])("the role %s is %s", (word, role) => {
  expect(parse({ type: "transcript", role: word, text: "Hello" })).toEqual({
    type: "transcript",
    role,
    text: "Hello",
  });
  expect(parse({ type: "transcript.delta", role: word, text: "He" })).toEqual({
    type: "transcript.delta",
    role,
    text: "He",
  });
});

/** Runtime tools send an object, configured ones a JSON string; pages see an object always. */
test.each([
  [{ city: "Rome" }, { city: "Rome" }],
  ['{"city":"Rome"}', { city: "Rome" }],
  ["not JSON", {}],
  ["[1]", {}],
  [null, {}],
])("arguments %j reach the page as %j", (sent, received) => {
  const call = { type: "function_call", call_id: "c1", name: "weather" };

  expect(parse({ ...call, arguments: sent })).toEqual({ ...call, arguments: received });
});

/** Text fields that are missing are empty: a page prints them without a check. */
test("missing texts are empty", () => {
  expect(parse({ type: "error" })).toEqual({ type: "error", code: "", message: "" });
  expect(parse({ type: "session.closed", reason: 7 })).toEqual({ type: "session.closed", reason: "" });
  expect(parse({ type: "session.updated", tools: ["a", 1] })).toEqual({
    type: "session.updated",
    tools: ["a"],
  });
});

/** A newer server may send more than this SDK knows, and a broken frame must not end a call. */
test.each([
  "{",
  "[]",
  "null",
  '{"type":"constructor"}',
  '"text"',
  "{}",
  '{"type":"brand_new"}',
  '{"type":7}',
])("%s is left out", (frame) => {
  expect(parseServerMessage(frame)).toBeUndefined();
});

/** Kinds of binary frames that a newer server may send are left out. */
test("a binary frame that is no audio is left out", () => {
  expect(parseServerMessage(new ArrayBuffer(2))).toBeUndefined();
});

/** The client's messages are those of the wire, field by field. */
test("client messages have the fields of the wire", () => {
  const tool = { type: "function" as const, name: "f", description: "d", parameters: { type: "object" } };

  expect([
    appendAudio("AAA="),
    commitAudio(),
    sendText("Hi"),
    updateSession(),
    updateSession([tool]),
    functionCallResult("c1", "42"),
    closeSession(),
  ]).toEqual([
    { type: "input_audio_buffer.append", audio: "AAA=" },
    { type: "input_audio_buffer.commit" },
    { type: "input_text.send", text: "Hi" },
    { type: "session.update" },
    { type: "session.update", tools: [tool] },
    { type: "function_call.result", call_id: "c1", output: "42" },
    { type: "session.close" },
  ]);
});
