import { expect, test } from "vitest";
import { LevelMeter } from "../src/levels.js";

/** Blocks count together, however they are cut. */
test("a level is the root mean square of all blocks since the last one", () => {
  const meter = new LevelMeter();
  meter.push(new Float32Array(300).fill(0.6));
  meter.push(new Float32Array(100).fill(-0.2));

  expect(meter.take()).toBeCloseTo(Math.sqrt((3 * 0.36 + 0.04) / 4), 6);
});

/** What was told does not count again, and nothing at all is silence. */
test("it begins anew with each level", () => {
  const meter = new LevelMeter();
  meter.push(new Float32Array(100).fill(0.6));
  meter.take();

  expect(meter.take()).toBe(0);
});
