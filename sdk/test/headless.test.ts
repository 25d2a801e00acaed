/** Whole calls outside of browsers, in simulated time: the test plays the server. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AtomsAgent } from "../src/agent.js";
import type { AtomsAgentConfig } from "../src/config.js";
import {
  headlessPlatform,
  type AudioSink,
  type AudioSource,
  type HeadlessOptions,
  type Recording,
} from "../src/headless.js";
import { FakeSocket, settle } from "./fake-browser.js";
import { agentFrame, EXTENDED, microphoneFrames, resumed } from "./fake-platform.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const RATE_HZ = 24000;

class Line extends FakeSocket {
  onerror: ((event: never) => void) | null = null;
}

class FakeSink implements AudioSink {
  readonly written: number[] = [];
  readonly opened: [rateHz: number, deviceId: string | undefined][] = [];
  isClosed = false;
  refusal: Error | undefined;

  open(rateHz: number, deviceId: string | undefined): void {
    if (this.refusal) {
      throw this.refusal;
    }
    this.opened.push([rateHz, deviceId]);
  }

  write(samples: Int16Array): void {
    this.written.push(...samples);
  }

  close(): void {
    this.isClosed = true;
  }
}

class FakeSource implements AudioSource {
  readonly rateHz = RATE_HZ;
  recording: Recording | undefined;
  isStopped = false;

  start(recording: Recording): () => void {
    this.recording = recording;
    return () => (this.isStopped = true);
  }

  /** A frame of 40 ms. */
  speak(value: number): void {
    this.recording?.take(new Int16Array(960).fill(value));
  }
}

interface Call {
  readonly agent: AtomsAgent;
  readonly lines: Line[];
  readonly source: FakeSource;
  readonly sink: FakeSink;
}

function newCall(config: Partial<AtomsAgentConfig> = {}, options: HeadlessOptions = {}): Call {
  const lines: Line[] = [];
  const source = new FakeSource();
  const sink = new FakeSink();
  const platform = headlessPlatform({
    openSocket: (url) => lines[lines.push(new Line(url)) - 1]!,
    source,
    sink,
    random: () => 0.5,
    ...options,
  });
  const agent = new AtomsAgent({ apiKey: "sk_1", agentId: "a1", baseUrl: "wss://h", ...config }, platform);
  return { agent, lines, source, sink };
}

async function liveCall(config?: Partial<AtomsAgentConfig>, options?: HeadlessOptions): Promise<Call> {
  const call = newCall(config, options);
  const connecting = call.agent.connect();
  await settle();
  call.lines[0]!.open();
  call.lines[0]!.receive(EXTENDED);
  await connecting;
  return call;
}

const playbacks = ({ lines }: Call): Record<string, unknown>[] =>
  lines.at(-1)!.sent.filter(({ type }) => type === "playback");

const voice = (count: number): number[] => Array.from({ length: count }, (_, index) => 1 + index);

/** The greeting waits for the word that the output runs. */
test("a call begins with the word that the output runs", async () => {
  const call = await liveCall();

  expect(playbacks(call)).toEqual([{ type: "playback", turn: 0, played: 0, state: "idle", ack: 0 }]);
  expect(call.sink.opened).toEqual([[RATE_HZ, undefined]]);
  expect(call.agent.state).toBe("live");
});

test("what the source records is sent in numbered frames", async () => {
  const call = await liveCall();
  [1, 2, 3].forEach((value) => call.source.speak(value));

  expect(microphoneFrames(call.lines[0]!)).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
});

/** Captions and positions follow the sink, so they come when a word is heard. */
test("the agent is written to the sink, and its words are told when they are heard", async () => {
  const call = await liveCall();
  const heard: [string, number][] = [];
  const startedMs = performance.now();
  call.agent.on("caption", ({ text }) => heard.push([text, performance.now() - startedMs]));
  const words = [
    { text: "Good", start: 0.1, end: 0.4 },
    { text: "morning.", start: 0.5, end: 0.9 },
  ];
  call.lines[0]!.receive({ type: "caption", seq: 1, turn: 1, first: 0, words });
  call.lines[0]!.receiveBytes(agentFrame(2, 1, 0, voice(RATE_HZ)));
  await vi.advanceTimersByTimeAsync(1500);

  expect(call.sink.written.slice(100, 200)).toEqual(voice(200).slice(100));
  expect(heard.map(([text]) => text)).toEqual(["Good", "morning."]);
  expect(heard[1]![1]).toBeGreaterThan(480);
  expect(heard[1]![1]).toBeLessThan(620);
  expect(playbacks(call).at(-1)).toMatchObject({ turn: 1, played: RATE_HZ, state: "idle", ack: 2 });
});

/** A turn that was interrupted is dropped by its number. */
test("an interruption silences the sink", async () => {
  const call = await liveCall();
  call.lines[0]!.receiveBytes(agentFrame(1, 1, 0, voice(RATE_HZ)));
  await vi.advanceTimersByTimeAsync(300);
  call.lines[0]!.receive({ type: "interruption", seq: 2, turn: 1 });
  const cut = call.sink.written.length;
  call.lines[0]!.receiveBytes(agentFrame(3, 1, RATE_HZ, voice(RATE_HZ)));
  await vi.advanceTimersByTimeAsync(1000);

  expect(call.sink.written.length - cut).toBeLessThan(0.05 * RATE_HZ);
});

/** No word is lost on either side, and nobody has to listen for it. */
test("a call survives its socket", async () => {
  const call = await liveCall();
  call.lines[0]!.receiveBytes(agentFrame(1, 1, 0, voice(RATE_HZ / 2)));
  call.source.speak(1);
  await vi.advanceTimersByTimeAsync(100);
  call.lines[0]!.drop(1006);
  call.source.speak(2);
  await vi.advanceTimersByTimeAsync(400);
  call.lines[1]!.open();
  call.lines[1]!.receive(resumed(1));
  call.lines[1]!.receiveBytes(agentFrame(2, 1, RATE_HZ / 2, voice(RATE_HZ / 2)));
  await vi.advanceTimersByTimeAsync(1500);

  expect(microphoneFrames(call.lines[1]!)).toEqual([[2, 2]]);
  expect(playbacks(call).at(-1)).toMatchObject({ turn: 1, played: RATE_HZ, state: "idle" });
});

/** Meters work as in a page. */
test("both sides have levels, twenty times a second", async () => {
  const call = await liveCall();
  const levels: { input: number; output: number }[] = [];
  call.agent.on("levels", (event) => levels.push(event));
  call.lines[0]!.receiveBytes(agentFrame(1, 1, 0, new Array<number>(RATE_HZ).fill(16384)));
  const timer = setInterval(() => call.source.speak(8192), 40);
  await vi.advanceTimersByTimeAsync(1000);
  clearInterval(timer);

  expect(levels.length).toBe(20);
  expect(levels[10]!.input).toBeCloseTo(0.25, 2);
  expect(levels[10]!.output).toBeCloseTo(0.5, 2);
});

/** A loudspeaker beside a microphone, and nothing that keeps them apart. */
test("with halfDuplex on, the microphone is silent while the agent is heard", async () => {
  const call = await liveCall({ halfDuplex: "on" });
  call.source.speak(1);
  call.lines[0]!.receiveBytes(agentFrame(1, 1, 0, voice(RATE_HZ)));
  await vi.advanceTimersByTimeAsync(200);
  call.source.speak(2);
  await vi.advanceTimersByTimeAsync(1200);
  call.source.speak(3);

  expect(microphoneFrames(call.lines[0]!).map(([, sample]) => sample)).toEqual([1, 0, 3]);
});

/** A program that only listens needs no source. */
test("a call without a source needs autoCaptureMic to be false", async () => {
  const refused = newCall({}, { source: undefined });
  const connecting = refused.agent.connect();
  await expect(connecting).rejects.toMatchObject({
    message: "Microphone access required",
    cause: { name: "NotFoundError" },
  });
  const call = await liveCall({ autoCaptureMic: false }, { source: undefined });

  expect(call.agent.isConnected).toBe(true);
});

test("the microphone may be opened later", async () => {
  const call = await liveCall({ autoCaptureMic: false });
  expect(call.source.recording).toBeUndefined();
  await call.agent.startMicrophone();
  call.source.speak(4);

  expect(microphoneFrames(call.lines[0]!)).toEqual([[1, 4]]);
});

test("a sink that cannot be opened is an error of connect", async () => {
  const call = newCall();
  call.sink.refusal = new Error("no such device");
  const connecting = call.agent.connect();
  const refused = expect(connecting).rejects.toMatchObject({
    message: "WebSocket connection failed",
    cause: { message: "no such device" },
  });
  await settle();
  call.lines[0]!.open();
  call.lines[0]!.receive(EXTENDED);
  await refused;

  expect(call.source.isStopped).toBe(true);
});

/** The devices of the platform are named by it; the SDK only hands their names on. */
test("another loudspeaker is opened, and told", async () => {
  const call = await liveCall();
  const changes: unknown[] = [];
  call.agent.on("device_changed", (event) => changes.push(event));
  await call.agent.setOutputDevice("headset");
  await call.agent.setInputDevice("headset");

  expect(call.sink.opened.at(-1)).toEqual([RATE_HZ, "headset"]);
  expect(changes).toEqual([
    { kind: "output", deviceId: "headset" },
    { kind: "input", deviceId: "headset" },
  ]);
});

/** Whatever the reason, source and sink are let go and no timer is left. */
test("the end of a call releases source, sink and timers", async () => {
  const call = await liveCall();
  call.agent.disconnect();
  call.lines[0]!.receive({ type: "session.closed", reason: "client_requested" });
  call.lines[0]!.drop(1000);

  expect([call.source.isStopped, call.sink.isClosed, vi.getTimerCount()]).toEqual([true, true, 0]);
});

/** The package ws throws errors that nobody listens to, and would end the program. */
test("errors of a socket are listened to", async () => {
  const call = await liveCall();

  expect(call.lines[0]!.onerror).toBeTypeOf("function");
});
