import { describe, expect, test } from "vitest";
import { HalfDuplexGate, type HalfDuplex } from "../src/half-duplex.js";
import { seams } from "./seams.js";
import { blocksOf, joined, sine } from "./tones.js";

const RATE_HZ = 48000;

/** What the visitor's tone becomes while the agent sounds from 0.2 s to 0.5 s. */
function gated(mode: HalfDuplex, agentLevel = 0.3): Float32Array {
  const gate = new HalfDuplexGate(mode, RATE_HZ);
  const agent = new Float32Array(RATE_HZ).fill(0);
  agent.set(
    sine(300, RATE_HZ, 0.3 * RATE_HZ).map((sample) => agentLevel * sample),
    0.2 * RATE_HZ,
  );
  const agents = blocksOf(agent, 128);
  return joined(
    [...blocksOf(sine(200, RATE_HZ, RATE_HZ), 128)].map((block) => {
      const own = Float32Array.from(block);
      gate.process(own, agents.next().value as Float32Array);
      return own;
    }),
  );
}

/** Whether anything is heard between two times, in seconds. */
const isHeard = (signal: Float32Array, fromS: number, toS: number): boolean =>
  signal.subarray(fromS * RATE_HZ, toS * RATE_HZ).some((sample) => sample !== 0);

describe("half duplex", () => {
  /** The agent and 200 ms of its room; not more. */
  test("silences while the agent sounds and for 200 ms after", () => {
    const signal = gated("on");

    expect(isHeard(signal, 0, 0.2)).toBe(true);
    expect(isHeard(signal, 0.21, 0.7)).toBe(false);
    expect(isHeard(signal, 0.71, 0.73)).toBe(true);
  });

  /** Both ends of the silence fade. */
  test("closes and opens without a click", () => {
    const expected = { rateHz: RATE_HZ, peak: 1, highestHz: 200, fadeS: 0.004 };

    expect(seams(gated("on"), expected)).toEqual([]);
  });

  /** An agent that nobody hears silences nobody. */
  test("does not close for an agent that is not heard", () => {
    expect(isHeard(gated("on", 0.001), 0.3, 0.31)).toBe(true);
  });

  /** The samples stay the very same. */
  test.each(["off", "auto"] as const)("changes nothing in mode %s without echo", (mode) => {
    expect(gated(mode)).toEqual(sine(200, RATE_HZ, RATE_HZ));
  });
});
