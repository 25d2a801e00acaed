/**
 * The golden conversations of the Atoms wire, which the server's tests read too: both sides keep to the same
 * messages. Each line is `{"direction": "server" | "client", "message": {…}}`; a first line may describe the file.
 * `received` is what the server makes of a client message: null where it ignores it on purpose, absent where the
 * message is wrong; neither is one that this SDK would send.
 */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  appendAudio,
  closeSession,
  commitAudio,
  functionCallResult,
  parseServerMessage,
  sendText,
  updateSession,
  type ClientMessage,
  type ClientTool,
} from "../src/protocol.js";

interface Line {
  readonly direction: "server" | "client";
  readonly message: Record<string, unknown>;
  readonly received?: { readonly kind: string } | null;
}

const folder = new URL("../../protocol/", import.meta.url);
const files = readdirSync(folder).filter((name) => /^atoms.*\.jsonl$/.test(name));

/** What this SDK would send in place of a client message of a golden file. */
function ours(message: Record<string, unknown>): ClientMessage | undefined {
  switch (message["type"]) {
    case "input_audio_buffer.append":
      return appendAudio(message["audio"] as string);
    case "input_audio_buffer.commit":
      return commitAudio();
    case "input_text.send":
      return sendText(message["text"] as string);
    case "session.update":
      return updateSession(message["tools"] as ClientTool[] | undefined);
    case "function_call.result":
      return functionCallResult(message["call_id"] as string, message["output"] as string);
    case "session.close":
      return closeSession();
    default:
      return undefined;
  }
}

function readLines(name: string): Line[] {
  return readFileSync(new URL(name, folder), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Line)
    .filter(({ direction }) => direction !== undefined);
}

/** Whatever the server may send is understood, field by field. */
test.each(files)("every server message of %s is understood", (name) => {
  const messages = readLines(name).filter(({ direction }) => direction === "server");

  expect(messages.length).toBeGreaterThan(0);
  for (const { message } of messages) {
    expect(parseServerMessage(JSON.stringify(message))).toMatchObject(known(message));
  }
});

/** Whatever the server takes is what this SDK sends, to the letter. */
test.each(files)("every good client message of %s is spoken", (name) => {
  const messages = readLines(name).filter(({ direction, received }) => direction === "client" && received);

  expect(messages.length).toBeGreaterThan(0);
  for (const { message } of messages) {
    expect(ours(message)).toEqual(message);
  }
});

/** The fields of a server message that this SDK hands on. */
function known(message: Record<string, unknown>): Record<string, unknown> {
  const handed = [
    "type",
    "session_id",
    "call_id",
    "sample_rate",
    "reason",
    "audio",
    "role",
    "text",
    "name",
    "code",
    "message",
    "tools",
  ];
  return Object.fromEntries(Object.entries(message).filter(([field]) => handed.includes(field)));
}
