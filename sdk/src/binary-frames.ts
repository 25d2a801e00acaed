/**
 * Audio without base64: a head of little-endian numbers, then the bytes of the format.
 *
 * Source: docs/wire-extension.md, "Binary frames".
 */

/** Agent audio as it came: the head, and the bytes behind it. */
export interface AgentAudio {
  readonly seq: number;
  readonly turn: number;
  /** The number of its first sample within the turn. */
  readonly start: number;
  readonly audio: Uint8Array<ArrayBuffer>;
}

const MICROPHONE = 1;
const AGENT = 2;
const MICROPHONE_HEAD = 8;
const AGENT_HEAD = 16;

/** A microphone frame with its number. */
export function microphoneFrame(seq: number, audio: Uint8Array): ArrayBuffer {
  const frame = new Uint8Array(MICROPHONE_HEAD + audio.length);
  const head = new DataView(frame.buffer);
  // The kind is one byte, and three of zeros follow it.
  head.setUint32(0, MICROPHONE, true);
  head.setUint32(4, seq, true);
  frame.set(audio, MICROPHONE_HEAD);
  return frame.buffer;
}

/** The agent audio in a binary message; undefined for kinds that are not known, and for torn ones. */
export function agentAudio(frame: ArrayBuffer): AgentAudio | undefined {
  const head = new DataView(frame);
  if (frame.byteLength < AGENT_HEAD || head.getUint8(0) !== AGENT) {
    return undefined;
  }
  return {
    seq: head.getUint32(4, true),
    turn: head.getUint32(8, true),
    start: head.getUint32(12, true),
    audio: new Uint8Array(frame, AGENT_HEAD),
  };
}
