/** The two worklet files as the audio thread runs them: in a scope with a rate and a register. */
import { beforeAll, expect, test } from "vitest";

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

/** A quarter of a second of loud microphone, in hardware blocks. */
function speakInto(microphone: Processor): void {
  for (let block = 0; block < 94; block += 1) {
    microphone.process([[new Float32Array(128).fill(0.5)]], [[new Float32Array(128)]]);
  }
}

/** Hardware blocks come out as frames at the session's rate. */
test("the capture worklet posts frames", () => {
  const microphone = start("vivavoce-capture", { targetRateHz: 16000 });
  speakInto(microphone);
  const frames = microphone.port.said as Int16Array[];

  expect(frames.length).toBe(6);
  expect(frames[0]!.length).toBe(640);
});

/** Muted, the audio thread posts nothing at all. */
test("the capture worklet is silent while muted", () => {
  const microphone = start("vivavoce-capture", { targetRateHz: 16000 });
  microphone.port.onmessage?.({ data: { type: "mute", muted: true } });
  speakInto(microphone);

  expect(microphone.port.said).toEqual([]);

  microphone.port.onmessage?.({ data: { type: "mute", muted: false } });
  speakInto(microphone);

  expect(microphone.port.said.length).toBe(6);
});

/** A device change leaves the worklet without input for a while. */
test("the capture worklet lives on without input", () => {
  const microphone = start("vivavoce-capture", { targetRateHz: 16000 });

  expect(microphone.process([[]], [[new Float32Array(128)]])).toBe(true);
});

/** Samples come in by message and go out by block; a flush ends them. */
test("the playback worklet plays and flushes", () => {
  const loudspeaker = start("vivavoce-playback", { sourceRateHz: 24000, capacityS: 60 });
  const loud = (): number => {
    let count = 0;
    for (let turn = 0; turn < 20; turn += 1) {
      const block = new Float32Array(128);
      loudspeaker.process([], [[block]]);
      count += block.filter((sample) => sample > 0.1).length;
    }
    return count;
  };
  loudspeaker.port.onmessage?.({ data: { type: "play", samples: new Int16Array(24000).fill(16384) } });

  expect(loud()).toBeGreaterThan(2000);

  loudspeaker.port.onmessage?.({ data: { type: "flush" } });

  expect(loud()).toBeLessThan(200);
});

/** What finds no room is reported to the page. */
test("the playback worklet reports what it drops", () => {
  const loudspeaker = start("vivavoce-playback", { sourceRateHz: 24000, capacityS: 1 });
  loudspeaker.port.onmessage?.({ data: { type: "play", samples: new Int16Array(30000) } });

  expect(loudspeaker.port.said).toEqual([{ type: "dropped", droppedSamples: 6000 }]);
});
