import { expect, test } from "vitest";
import { agentAudio, microphoneFrame } from "../src/binary-frames.js";
import { samplesOf } from "../src/pcm.js";
import { agentFrame } from "./fake-platform.js";

/** Byte by byte what the wire says. */
test("a microphone frame has kind, three zeros, its number and the bytes", () => {
  const frame = microphoneFrame(0x01020304, new Uint8Array([9, 8]));

  expect([...new Uint8Array(frame)]).toEqual([1, 0, 0, 0, 4, 3, 2, 1, 9, 8]);
});

/** The head says where the sound belongs. */
test("agent audio is read with number, turn and start", () => {
  const audio = agentAudio(agentFrame(70_000, 3, 4800, [1, -2]));

  expect(audio).toMatchObject({ seq: 70_000, turn: 3, start: 4800 });
  expect([...samplesOf(audio!.audio)]).toEqual([1, -2]);
});

/** A newer server may send other kinds. */
test("other kinds and torn heads are passed over", () => {
  const unknown = agentFrame(1, 1, 0, [1]);
  new Uint8Array(unknown)[0] = 3;

  expect([agentAudio(unknown), agentAudio(new ArrayBuffer(15)), agentAudio(new ArrayBuffer(0))]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
