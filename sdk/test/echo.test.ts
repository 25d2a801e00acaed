import { describe, expect, test } from "vitest";
import { EchoMeter, HOP_S } from "../src/echo.js";
import { echoOf, noise, silence, speech, together } from "./voices.js";

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

/** When echo is found and given up, in seconds, as the meter hears both. */
function judge(
  meter: EchoMeter,
  microphone: readonly number[],
  agent: readonly number[],
): [boolean, number][] {
  const changes: [boolean, number][] = [];
  microphone.forEach((level, hop) => {
    const before = meter.isEcho;
    meter.push(level, agent[hop]!);
    if (meter.isEcho !== before) {
      changes.push([meter.isEcho, hop * HOP_S]);
    }
  });
  return changes;
}

describe("echo", () => {
  /** Twenty decibels below the agent, in a room with some noise, at every delay that occurs. */
  test.each([0, 0.06, 0.2, 0.44])("at -20 dB after %d s is found within fifteen seconds", (delayS) => {
    for (const seed of SEEDS) {
      const agent = speech(15, seed);
      const meter = new EchoMeter();
      const changes = judge(meter, together(echoOf(agent, delayS, 0.1), noise(15, seed, 0.002)), agent);

      expect(changes.map(([found]) => found)).toEqual([true]);
      expect(Math.abs(meter.delayS - delayS)).toBeLessThanOrEqual(0.04);
    }
  });

  /** It takes two stretches of speech: one may be a coincidence. */
  test("is not believed after one stretch", () => {
    const agent = speech(4, 1);

    expect(judge(new EchoMeter(), echoOf(agent, 0.1, 0.1), agent)).toEqual([]);
  });

  /** A headset is plugged in: the microphone opens again. */
  test("that is gone is given up", () => {
    const agent = speech(60, 3);
    const microphone = echoOf(agent, 0.1, 0.1).map((level, hop) => (hop * HOP_S < 20 ? level : 0.0005));
    const changes = judge(new EchoMeter(), microphone, agent);

    expect(changes.map(([found]) => found)).toEqual([true, false]);
    expect(changes[1]![1]).toBeLessThan(45);
  });

  /** What is too quiet to disturb is no reason to silence anybody. */
  test("far below the agent is left alone", () => {
    const agent = speech(60, 4);

    expect(judge(new EchoMeter(), echoOf(agent, 0.1, 0.005), agent)).toEqual([]);
  });
});

describe("a visitor is never taken for an echo", () => {
  /** Two people who talk at once keep their own rhythms: an hour of it. */
  test("who talks over the agent", () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      expect(judge(new EchoMeter(), speech(60, 1000 + seed), speech(60, seed))).toEqual([]);
    }
  });

  /** One who waits for the agent to finish, and one who falls in with its words. */
  test("who talks in the agent's pauses, or begins when it begins", () => {
    for (const seed of SEEDS) {
      const agent = speech(60, seed);
      const answers = speech(60, 500 + seed).map((level, hop) => (agent[hop]! > 0.01 ? 0.0005 : level));
      const along = speech(60, 700 + seed).map((level, hop) => (agent[hop]! > 0.01 ? level : 0.0005));

      expect(judge(new EchoMeter(), answers, agent)).toEqual([]);
      expect(judge(new EchoMeter(), along, agent)).toEqual([]);
    }
  });

  /** Whoever is silent, or sits in noise. */
  test("who is silent, or sits in noise", () => {
    for (const seed of SEEDS) {
      const agent = speech(60, seed);

      expect(judge(new EchoMeter(), silence(60), agent)).toEqual([]);
      expect(judge(new EchoMeter(), noise(60, 90 + seed, 0.05), agent)).toEqual([]);
    }
  });

  /** A voice without rhythm, such as music on hold, says nothing about echo. */
  test("while the agent hums", () => {
    const agent = Array.from({ length: 60 / HOP_S }, () => 0.2);

    expect(judge(new EchoMeter(), echoOf(agent, 0.1, 0.1), agent)).toEqual([]);
  });
});
