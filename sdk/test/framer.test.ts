import { expect, test } from "vitest";
import { Framer } from "../src/framer.js";
import { blocksOf, joined, sine, toneDecibels } from "./tones.js";

function frames(signal: Float32Array, sourceHz: number, targetHz: number): Int16Array[] {
  const made: Int16Array[] = [];
  const framer = new Framer(sourceHz, targetHz, (frame) => made.push(frame));
  for (const block of blocksOf(signal, 128)) {
    framer.push(block);
  }
  return made;
}

/** A frame is 40 ms at the session's rate, for every rate of the wire. */
test.each([
  [8000, 320],
  [16000, 640],
  [22050, 882],
  [24000, 960],
  [44100, 1764],
  [48000, 1920],
])("at %i Hz a frame has %i samples", (targetHz, length) => {
  const made = frames(new Float32Array(48000), 48000, targetHz);

  expect(new Set([length])).toEqual(new Set(made.map((frame) => frame.length)));
  // One second is 25 frames; the filter holds back a few milliseconds of the last.
  expect(24).toBeLessThanOrEqual(made.length);
});

/** Frames are given away: each has memory of its own. */
test("each frame has its own buffer", () => {
  const made = frames(new Float32Array(48000), 48000, 24000);

  expect(made.length).toBe(new Set(made.map((frame) => frame.buffer)).size);
});

/** What is heard is what is sent: the tone keeps pitch and level. */
test("a tone keeps its pitch and its level", () => {
  const made = frames(sine(1000, 44100, 44100), 44100, 16000);
  const signal = joined(made).map((sample) => sample / 32768);

  expect(Math.abs(toneDecibels(signal.subarray(640), 1000, 16000))).toBeLessThan(0.1);
});

/** A frame that mute cut short does not come back at unmute. */
test("a reset drops the unfinished frame", () => {
  const made: Int16Array[] = [];
  const framer = new Framer(24000, 24000, (frame) => made.push(frame));
  framer.push(new Float32Array(900).fill(0.5));
  framer.reset();
  framer.push(new Float32Array(960));

  expect([...new Set(made.flatMap((frame) => [...frame]))]).toEqual([0]);
});
