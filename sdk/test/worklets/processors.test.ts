/** The two worklet files as the audio thread runs them: in a scope with a rate and a register. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Playback } from "../../src/sound.js";
import type { PlaybackCommand, PlaybackReport } from "../../src/worklets/messages.js";
import { greatestStep, sine } from "../tones.js";
import { speech } from "../voices.js";

interface Processor {
  readonly port: Port;
  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}

class Port {
  readonly said: unknown[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;

  postMessage(message: unknown): void {
    this.said.push(message);
  }
}

const registered = new Map<string, new (options: unknown) => Processor>();

beforeAll(async () => {
  Object.assign(globalThis, {
    sampleRate: 48000,
    AudioWorkletProcessor: class {
      readonly port = new Port();
    },
    registerProcessor: (name: string, processor: new (options: unknown) => Processor) =>
      registered.set(name, processor),
  });
  await import("../../src/worklets/capture.js");
  await import("../../src/worklets/playback.js");
});

function start(name: string, processorOptions: object): Processor {
  const Processor = registered.get(name)!;
  return new Processor({ processorOptions });
}

const RATE_HZ = 48000;
const BLOCK = 128;

/** The agent's voice beside the microphone's, in hardware blocks; gives what the worklet said. */
function record(microphone: Processor, voice: Float32Array, agent?: Float32Array): unknown[] {
  const { said } = microphone.port;
  const before = said.length;
  for (let at = 0; at + BLOCK <= voice.length; at += BLOCK) {
    const inputs = [[voice.subarray(at, at + BLOCK)], agent ? [agent.subarray(at, at + BLOCK)] : []];
    microphone.process(inputs, [[new Float32Array(BLOCK)]]);
  }
  return said.slice(before);
}

const loud = (seconds = 0.25): Float32Array => new Float32Array(seconds * RATE_HZ).fill(0.5);

const framesOf = (said: readonly unknown[]): Int16Array[] => said.filter((it) => it instanceof Int16Array);

const levelsOf = (said: readonly unknown[]): number[] =>
  said
    .map((it) => (it as { level?: number }).level)
    .filter((level): level is number => typeof level === "number");

/** Plays for a while; gives what was put out. */
function play(loudspeaker: Processor, seconds: number): Float32Array {
  const output = new Float32Array(Math.round((seconds * RATE_HZ) / BLOCK) * BLOCK);
  for (let at = 0; at < output.length; at += BLOCK) {
    loudspeaker.process([], [[output.subarray(at, at + BLOCK)]]);
  }
  return output;
}

const tell = (processor: Processor, data: PlaybackCommand): void => processor.port.onmessage?.({ data });

/** The positions that the listener would be told. */
const toldBy = (loudspeaker: Processor): Playback[] =>
  (loudspeaker.port.said as PlaybackReport[]).flatMap((report) =>
    report.type === "playback" && report.isDue ? [report.playback] : [],
  );

const MICROPHONE = { targetRateHz: 16000, halfDuplex: "off" };
const LOUDSPEAKER = { sourceRateHz: 24000, capacityS: 60 };

describe("the capture worklet", () => {
  /** Hardware blocks come out as frames at the session's rate. */
  test("posts frames", () => {
    const frames = framesOf(record(start("vivavoce-capture", MICROPHONE), loud()));

    expect(frames.length).toBe(6);
    expect(frames[0]!.length).toBe(640);
  });

  /** Meters move twenty times a second. */
  test("posts levels twenty times a second", () => {
    const levels = levelsOf(record(start("vivavoce-capture", MICROPHONE), loud(1)));

    expect(Math.abs(levels.length - 20)).toBeLessThanOrEqual(1);
    expect(levels[0]).toBeCloseTo(0.5, 5);
  });

  /** Muted, the audio thread posts nothing at all. */
  test("is silent while muted", () => {
    const microphone = start("vivavoce-capture", MICROPHONE);
    microphone.port.onmessage?.({ data: { type: "mute", muted: true } });
    const muted = record(microphone, loud());
    microphone.port.onmessage?.({ data: { type: "mute", muted: false } });

    expect(muted).toEqual([]);
    expect(framesOf(record(microphone, loud())).length).toBe(6);
  });

  /** A device change leaves the worklet without input for a while. */
  test("lives on without input", () => {
    expect(start("vivavoce-capture", MICROPHONE).process([[], []], [[new Float32Array(BLOCK)]])).toBe(true);
  });

  /** In half duplex the visitor is not heard while the agent is, nor right after; then he is, and all of him. */
  test("sends silence while the agent is heard and 200 ms after, in half duplex", () => {
    const microphone = start("vivavoce-capture", { ...MICROPHONE, halfDuplex: "on" });
    const agent = new Float32Array(RATE_HZ);
    agent.set(sine(300, RATE_HZ, 0.4 * RATE_HZ), 0.2 * RATE_HZ);
    const said = record(microphone, loud(1), agent);
    const heard = framesOf(said).map((frame) => Math.abs(frame[320]!) > 1000);
    // Frames of 40 ms: five before the agent, ten with it, five after.
    const expected = [...Array(5).fill(true), ...Array(15).fill(false), ...Array(4).fill(true)];

    expect(heard.slice(0, 24)).toEqual(expected);
    // The meter shows that the microphone works.
    expect(Math.min(...levelsOf(said))).toBeCloseTo(0.5, 5);
  });

  /** Nothing is silenced on suspicion. */
  test("lets the visitor talk over the agent where no echo was measured", () => {
    const microphone = start("vivavoce-capture", { ...MICROPHONE, halfDuplex: "auto" });
    const frames = framesOf(record(microphone, loud(1), sine(300, RATE_HZ, RATE_HZ)));

    expect(frames.slice(1).every((frame) => frame.every((sample) => Math.abs(sample) > 1000))).toBe(true);
  });

  /** What it measures in real samples it acts upon, and tells once. */
  test("goes over to half duplex when it hears the agent", () => {
    const microphone = start("vivavoce-capture", { ...MICROPHONE, halfDuplex: "auto" });
    const voice = speech(12, 5).flatMap((level) => Array.from({ length: 960 }, () => level));
    const agent = Float32Array.from(voice, (level, index) => level * Math.SQRT2 * Math.sin(index / 10));
    const echo = new Float32Array(agent.length);
    echo.set(
      agent.subarray(0, -4800).map((sample) => sample / 10),
      4800,
    );
    const said = record(microphone, echo, agent);
    const frames = framesOf(said);
    const heard = (frame: Int16Array): boolean => frame.some((sample) => Math.abs(sample) > 100);

    expect(said.filter((it) => (it as { type?: string }).type === "echo").length).toBe(1);
    expect(frames.slice(0, 50).some(heard)).toBe(true);
    expect(frames.slice(-50).some(heard)).toBe(false);
  });
});

describe("the playback worklet", () => {
  /** Samples come in by message and go out by block; a flush ends them. */
  test("plays and flushes", () => {
    const loudspeaker = start("vivavoce-playback", LOUDSPEAKER);
    const audible = (): number => play(loudspeaker, 0.05).filter((sample) => sample > 0.1).length;
    tell(loudspeaker, { type: "play", turn: 1, start: 0, samples: new Int16Array(24000).fill(16384) });

    expect(audible()).toBeGreaterThan(2000);

    tell(loudspeaker, { type: "flush", turn: 1 });

    expect(audible()).toBeLessThan(200);
  });

  /** What finds no room is reported to the page, by turn. */
  test("reports what it drops", () => {
    const loudspeaker = start("vivavoce-playback", { sourceRateHz: 24000, capacityS: 1 });
    tell(loudspeaker, { type: "play", turn: 3, start: 0, samples: new Int16Array(30000) });

    expect(loudspeaker.port.said).toEqual([{ type: "dropped", turn: 3, droppedSamples: 6000 }]);
  });

  /** The beginning, four times a second and more, and the end: with the very count of samples. */
  test("tells of the start of the output, of the playing and of the end", () => {
    const loudspeaker = start("vivavoce-playback", LOUDSPEAKER);
    play(loudspeaker, 0.1);
    tell(loudspeaker, { type: "play", turn: 1, start: 0, samples: new Int16Array(24000).fill(1000) });
    play(loudspeaker, 1.2);
    const told = toldBy(loudspeaker);

    expect(told[0]).toEqual({ turn: 0, played: 0, state: "idle" });
    expect(told.slice(1, -1).map(({ state }) => state)).toEqual(Array(5).fill("playing"));
    expect(told.at(-1)).toEqual({ turn: 1, played: 24000, state: "idle" });
  });

  /** A hold is told when it is silent, a release when it sounds, a flush when it has faded. */
  test("tells of hold, release and flush at once", () => {
    const loudspeaker = start("vivavoce-playback", LOUDSPEAKER);
    tell(loudspeaker, { type: "play", turn: 1, start: 0, samples: new Int16Array(48000).fill(1000) });
    play(loudspeaker, 0.3);
    const before = toldBy(loudspeaker).length;
    tell(loudspeaker, { type: "hold" });
    play(loudspeaker, 0.03);
    tell(loudspeaker, { type: "release" });
    play(loudspeaker, 0.01);
    tell(loudspeaker, { type: "flush", turn: 1 });
    play(loudspeaker, 0.01);
    const told = toldBy(loudspeaker).slice(before);

    expect(told.map(({ state }) => state)).toEqual(["held", "playing", "idle"]);
    expect(told.map(({ played }) => played)).toEqual(
      [...told.map(({ played }) => played)].sort((a, b) => a - b),
    );
  });

  /** A slider that jumps is heard as a fade. */
  test("changes its volume without a click", () => {
    const loudspeaker = start("vivavoce-playback", LOUDSPEAKER);
    tell(loudspeaker, { type: "play", turn: 1, start: 0, samples: new Int16Array(24000).fill(16384) });
    play(loudspeaker, 0.1);
    tell(loudspeaker, { type: "set", volume: 0 });
    const output = play(loudspeaker, 0.2);

    expect(greatestStep(output)).toBeLessThan(0.01);
    expect(Math.abs(output.at(-1)!)).toBeLessThan(0.001);
  });
});

describe("a hidden tab, whose page is served once a second", () => {
  /** The audio thread needs no page: what the page got in a second lasts for the next. */
  test("plays without a gap what the server sends a second ahead", () => {
    const loudspeaker = start("vivavoce-playback", LOUDSPEAKER);
    const frame = 2400;
    let sent = 0;
    let longest = 0;
    let silent = 0;
    for (let second = 0; second < 20; second += 1) {
      // By now the server has sent what is to be heard until the next second is over.
      for (; sent < (second + 1) * 24000 + frame; sent += frame) {
        const samples = new Int16Array(frame).fill(16384);
        tell(loudspeaker, { type: "play", turn: 1, start: sent, samples });
      }
      for (const sample of play(loudspeaker, 1)) {
        silent = sample === 0 ? silent + 1 : 0;
        longest = Math.max(longest, silent);
      }
    }

    expect(longest).toBe(0);
  });

  /** Frames wait in the port, in order, and none is lost. */
  test("loses no frame of the microphone", () => {
    const microphone = start("vivavoce-capture", { ...MICROPHONE, targetRateHz: 48000 });
    const ramp = Float32Array.from({ length: 5 * RATE_HZ }, (_, index) => (index % 30000) / 32768);
    const arrived: Int16Array[] = [];
    for (let second = 0; second < 5; second += 1) {
      const said = record(microphone, ramp.subarray(second * RATE_HZ, (second + 1) * RATE_HZ));
      arrived.push(...framesOf(said));
    }
    const samples = arrived.flatMap((each) => [...each]);

    expect(arrived.length).toBe(125);
    expect(samples.every((sample, index) => sample === index % 30000)).toBe(true);
  });
});
