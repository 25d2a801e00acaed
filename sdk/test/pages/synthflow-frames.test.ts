import { expect, test } from "vitest";
import { Frames, FRAME_SAMPLES } from "../../pages/synthflow-frames.js";

/** Blocks of the hardware come out as frames of the wire's usual size; what is left waits for more. */
test("blocks of 128 samples become frames of 8,192", () => {
  const got: Int16Array[] = [];
  const frames = new Frames((frame) => got.push(frame));
  const blocks = (2 * FRAME_SAMPLES) / 128 + 1;
  for (let block = 0; block < blocks; block += 1) {
    frames.push(new Float32Array(128).fill(block / 256));
  }

  expect(got.map((frame) => frame.length)).toEqual([8192, 8192]);
  expect([got[0]?.[0], got[0]?.[128], got[1]?.[0]]).toEqual([0, 128, 64 * 128]);
  expect(got[0]?.buffer).not.toBe(got[1]?.buffer);
});

/** Louder than full scale is clipped, not folded over. */
test("samples are clipped", () => {
  const got: Int16Array[] = [];
  const frames = new Frames((frame) => got.push(frame));
  frames.push(new Float32Array(FRAME_SAMPLES).fill(1.5));
  frames.push(new Float32Array(FRAME_SAMPLES).fill(-1.5));

  expect(got.map((frame) => frame[0])).toEqual([32767, -32768]);
});
