/**
 * The golden conversations of the Atoms wire, which the server's tests read too: both sides keep to the same
 * messages. Each line is `{"direction": "server" | "client", "message": {…}}`; a first line may describe the file.
 * `received` is what the server makes of a client message: null where it ignores it on purpose, absent where the
 * message is wrong; neither is one that this SDK would send. In place of `message` there may be a `binary` one in
 * base64, and what stands in its head as `frame`.
 *
 * The conversations of the extension are also played whole, across all sockets of their call.
 */
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { microphoneFrame } from "../src/binary-frames.js";
import { Channel } from "../src/channel.js";
import { decodeBase64 } from "../src/pcm.js";
import {
  appendAudio,
  closeSession,
  commitAudio,
  functionCallResult,
  parseServerMessage,
  ping,
  reportPlayback,
  sendText,
  updateSession,
  type ClientMessage,
  type ClientTool,
  type NumberedMessage,
  type ServerMessage,
} from "../src/protocol.js";
import type { Playback } from "../src/sound.js";
import { FakePlatform } from "./fake-platform.js";

interface Line {
  readonly direction: "server" | "client";
  readonly message?: Record<string, unknown>;
  readonly binary?: string;
  readonly frame?: { readonly seq: number };
  readonly received?: { readonly kind: string } | null;
  readonly connect?: Record<string, string>;
  /** It was sent, and the other side never got it. */
  readonly lost?: boolean;
}

type Message = Record<string, unknown>;

const folder = new URL("../../protocol/", import.meta.url);
const files = readdirSync(folder).filter((name) => /^atoms.*\.jsonl$/.test(name));

/** What this SDK would send in place of a client message of a golden file. */
function ours(message: Message): ClientMessage | undefined {
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
    case "playback":
      return reportPlayback(message as unknown as Playback, message["ack"] as number);
    case "ping":
      return ping(message["id"] as number, message["ack"] as number);
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

const bufferOf = (binary: string): ArrayBuffer => decodeBase64(binary).buffer;

/** Whatever the server may send is understood, field by field. */
test.each(files)("every server message of %s is understood", (name) => {
  const lines = readLines(name).filter(({ direction }) => direction === "server");

  expect(lines.length).toBeGreaterThan(0);
  for (const { message, binary, frame } of lines) {
    if (message) {
      expect(parseServerMessage(JSON.stringify(message))).toMatchObject(known(message));
    } else {
      expect(parseServerMessage(bufferOf(binary!))).toMatchObject({ type: "output_audio.delta", ...frame });
    }
  }
});

/** Whatever the server takes is what this SDK sends, to the letter; the number is added when it is sent. */
test.each(files)("every good client message of %s is spoken", (name) => {
  const lines = readLines(name).filter(({ direction, received }) => direction === "client" && received);

  expect(lines.length).toBeGreaterThan(0);
  for (const { message, binary, frame } of lines) {
    if (message) {
      const { seq, ...content } = message;
      expect(ours(message)).toEqual(content);
    } else {
      const bytes = bufferOf(binary!);
      expect(microphoneFrame(frame!.seq, new Uint8Array(bytes, 8))).toEqual(bytes);
    }
  }
});

describe("a conversation across sockets", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  interface Played {
    /** The query of each socket after the first. */
    readonly queries: Message[];
    /** The numbered messages that were sent on each socket. */
    readonly sent: Message[][];
    /** The messages that the call was told of. */
    readonly told: ServerMessage[];
  }

  /** Plays the server's lines to a channel that says the client's. */
  async function play(lines: readonly Line[]): Promise<Played> {
    const platform = new FakePlatform();
    const told: ServerMessage[] = [];
    let channel: Channel | undefined;
    for (const line of lines) {
      if (line.connect && !channel) {
        channel = new Channel(platform, "wss://voice.example", "wss://voice.example/first", {
          message: (message) => told.push(message),
          reconnecting: () => undefined,
          reconnected: () => undefined,
          closed: () => undefined,
        });
        platform.socket.open();
      } else if (line.connect) {
        platform.socket.drop(1006);
        await vi.advanceTimersByTimeAsync(1);
        platform.socket.open();
      } else if (line.direction === "server") {
        hear(platform, line);
        await vi.advanceTimersByTimeAsync(50);
      } else {
        say(channel!, line);
      }
    }
    const queries = platform.sockets
      .slice(1)
      .map(({ url }) => Object.fromEntries(new URL(url).searchParams) as Message);
    const sent = platform.sockets.map((socket) => [
      ...socket.bytes.map(frameOf),
      ...socket.sent.filter(({ seq }) => seq !== undefined),
    ]);
    return { queries, sent: sent.map(inOrder), told };
  }

  function hear({ socket }: FakePlatform, { message, binary, lost }: Line): void {
    if (lost) {
      return;
    }
    if (message) {
      socket.receive(message);
    } else {
      socket.receiveBytes(bufferOf(binary!));
    }
  }

  function say(channel: Channel, line: Line): void {
    const { message, binary } = line;
    if (isSentAgain(line)) {
      return;
    }
    if (binary) {
      channel.sendAudio(new Uint8Array(bufferOf(binary), 8), 0.04);
    } else if (message?.["type"] === "input_audio_buffer.append") {
      channel.sendAudio(decodeBase64(message["audio"] as string), 0.04);
    } else if (message?.["type"] === "playback") {
      channel.report(message as unknown as Playback);
    } else if (message?.["seq"] !== undefined) {
      channel.send(ours(message) as NumberedMessage);
    }
  }

  const said = new Set<number>();
  const seqOf = ({ message, frame }: Line): number | undefined =>
    frame?.seq ?? (message?.["seq"] as number | undefined);

  /** The channel sends again by itself. */
  function isSentAgain(line: Line): boolean {
    const seq = seqOf(line);
    const isAgain = seq !== undefined && said.has(seq);
    if (seq !== undefined) {
      said.add(seq);
    }
    return isAgain;
  }

  const frameOf = (bytes: ArrayBuffer): Message => ({
    seq: new DataView(bytes).getUint32(4, true),
    audio: Buffer.from(bytes, 8).toString("base64"),
  });
  const inOrder = (messages: Message[]): Message[] =>
    messages.sort((one, other) => (one["seq"] as number) - (other["seq"] as number));

  const extended = files.filter((name) => name.includes("extension"));

  /** Nothing is lost and nothing comes twice, in either direction. */
  test.each(extended)("of %s is spoken as it is written", async (name) => {
    said.clear();
    const lines = readLines(name);
    const { queries, sent, told } = await play(lines);
    const starts = lines.flatMap((line, index) => (line.connect ? [index] : []));
    const sockets = starts.map((start, index) => lines.slice(start, starts[index + 1]));
    const client = sockets.map((socket) =>
      socket
        .filter(({ direction, received }) => direction === "client" && received !== null)
        .filter((line) => seqOf(line) !== undefined)
        .map(({ message, binary }) => message ?? frameOf(bufferOf(binary!))),
    );
    const server = lines.filter(({ direction, lost }) => direction === "server" && !lost);

    expect(queries).toEqual(starts.slice(1).map((start) => lines[start]!.connect));
    expect(sent).toEqual(client);
    expect(told.flatMap(({ seq }) => seq ?? [])).toEqual([
      ...new Set(server.flatMap((line) => seqOf(line) ?? [])),
    ]);
  });
});

/** The fields of a server message that this SDK hands on. */
function known(message: Message): Message {
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
    "seq",
    "turn",
    "start",
    "first",
    "words",
    "ext",
    "error",
    "endpoint_ms",
    "transcript_ms",
    "text_ms",
    "voice_ms",
    "total_ms",
  ];
  return Object.fromEntries(Object.entries(message).filter(([field]) => handed.includes(field)));
}
