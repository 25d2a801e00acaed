import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { iteratedSource, Recorder, type AudioSource, type Recording } from "../src/headless-source.js";
import { settle } from "./fake-browser.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const RATE_HZ = 16000;

/** A source that the test speaks into. */
class FakeSource implements AudioSource {
  readonly rateHz: number;
  readonly recordings: Recording[] = [];
  readonly stopped: number[] = [];
  refusal: Error | undefined;

  constructor(rateHz = RATE_HZ) {
    this.rateHz = rateHz;
  }

  start(recording: Recording): () => void {
    if (this.refusal) {
      throw this.refusal;
    }
    const own = this.recordings.push(recording) - 1;
    return () => void this.stopped.push(own);
  }

  speak(samples: number, value = 100, recording = this.recordings.length - 1): void {
    this.recordings[recording]?.take(new Int16Array(samples).fill(value));
  }
}

interface Scene {
  readonly recorder: Recorder;
  readonly frames: Int16Array[];
  readonly lost: string[];
}

function scene(source: AudioSource | undefined): Scene {
  const frames: Int16Array[] = [];
  const lost: string[] = [];
  const recorder = new Recorder(source, {
    frame: (samples) => frames.push(samples),
    lost: () => lost.push("lost"),
  });
  return { recorder, frames, lost };
}

const now = Promise.resolve(RATE_HZ);

/** Pieces of any length come in, frames of the wire go out. */
test("frames of 40 ms are made of pieces of any length, at the rate of the session", async () => {
  const source = new FakeSource(48000);
  const { recorder, frames } = scene(source);
  await recorder.open(undefined, now);
  for (let piece = 0; piece < 10; piece += 1) {
    source.speak(1000 + piece);
  }

  expect(frames.map(({ length }) => length)).toEqual([640, 640, 640, 640, 640]);
});

/** What was said before the call was said to nobody. */
test("nothing is recorded before the session is there", async () => {
  const source = new FakeSource();
  const { recorder, frames } = scene(source);
  let tell: (rateHz: number) => void = () => undefined;
  await recorder.open(undefined, new Promise<number>((resolve) => (tell = resolve)));
  source.speak(6400);
  expect(frames).toEqual([]);
  tell(RATE_HZ);
  await settle();
  source.speak(640);

  expect(frames.length).toBe(1);
});

test("a muted recorder makes no frames", async () => {
  const source = new FakeSource();
  const { recorder, frames } = scene(source);
  await recorder.open(undefined, now);
  recorder.muted = true;
  source.speak(6400);
  recorder.muted = false;
  source.speak(640, 7);

  expect(frames).toEqual([new Int16Array(640).fill(7)]);
});

/** The error of the platform is the cause, as in browsers. */
test("a source that refuses, and one that is not there, are errors of the microphone", async () => {
  const source = new FakeSource();
  source.refusal = Object.assign(new Error("no"), { name: "NotAllowedError" });

  await expect(scene(source).recorder.open(undefined, now)).rejects.toMatchObject({
    message: "Microphone access required",
    cause: { name: "NotAllowedError" },
  });
  await expect(scene(undefined).recorder.open(undefined, now)).rejects.toMatchObject({
    cause: { name: "NotFoundError" },
  });
});

/** Two devices are never heard at once. */
test("another device ends the one before", async () => {
  const source = new FakeSource();
  const { recorder, frames } = scene(source);
  await recorder.open("a", now);
  await recorder.open("b", now);
  source.speak(640, 1, 0);
  source.speak(640, 2, 1);

  expect(source.recordings.map(({ deviceId }) => deviceId)).toEqual(["a", "b"]);
  expect(source.stopped).toEqual([0]);
  expect(frames).toEqual([new Int16Array(640).fill(2)]);
});

/** Also one that is still being opened, behind a prompt. */
test("a closed recorder lets go of its source", async () => {
  let grant: (stop: () => void) => void = () => undefined;
  const stop = vi.fn();
  const { recorder } = scene({
    rateHz: RATE_HZ,
    start: () => new Promise<() => void>((resolve) => (grant = resolve)),
  });
  const opening = recorder.open(undefined, now);
  recorder.close();
  grant(stop);
  await opening;

  expect(stop).toHaveBeenCalledOnce();
});

test("a source that breaks off says so once it is in use", async () => {
  const source = new FakeSource();
  const { recorder, lost } = scene(source);
  await recorder.open(undefined, now);
  source.recordings[0]?.lost(new Error("unplugged"));
  recorder.close();
  source.recordings[0]?.lost(new Error("unplugged"));

  expect(lost).toEqual(["lost"]);
});

/** A file is read in an instant, and spoken as long as it lasts. */
test("an iterated source is slowed down to real time", async () => {
  async function* file(): AsyncGenerator<Int16Array> {
    for (let piece = 1; piece <= 50; piece += 1) {
      yield new Int16Array(1600).fill(piece);
    }
  }
  const { recorder, frames } = scene(iteratedSource(file, RATE_HZ));
  await recorder.open(undefined, now);
  await vi.advanceTimersByTimeAsync(1000);
  const afterOneSecond = frames.length;
  await vi.advanceTimersByTimeAsync(5000);

  expect(afterOneSecond).toBeGreaterThanOrEqual(25);
  expect(afterOneSecond).toBeLessThanOrEqual(33);
  expect(frames.flatMap((frame) => [...frame])).toEqual(
    Array.from({ length: 80_000 }, (_, index) => 1 + Math.floor(index / 1600)),
  );
});

/** However it is cut: a file may come as one piece. */
test("an iterated source of one long piece is slowed down, too", async () => {
  async function* file(): AsyncGenerator<Int16Array> {
    yield await Promise.resolve(new Int16Array(10 * RATE_HZ).fill(5));
  }
  const { recorder, frames } = scene(iteratedSource(file, RATE_HZ));
  await recorder.open(undefined, now);
  await vi.advanceTimersByTimeAsync(1000);
  const afterOneSecond = frames.length;
  recorder.close();
  await vi.advanceTimersByTimeAsync(1000);

  expect(afterOneSecond).toBeGreaterThanOrEqual(25);
  expect(frames.length).toBe(afterOneSecond);
  expect(afterOneSecond).toBeLessThanOrEqual(30);
});

/** No word of it is lost while the call is being opened. */
test("an iterated source begins with the session", async () => {
  let tell: (rateHz: number) => void = () => undefined;
  async function* file(): AsyncGenerator<Int16Array> {
    yield await Promise.resolve(new Int16Array(640).fill(5));
  }
  const { recorder, frames } = scene(iteratedSource(file, RATE_HZ));
  await recorder.open(undefined, new Promise<number>((resolve) => (tell = resolve)));
  await vi.advanceTimersByTimeAsync(3000);
  tell(RATE_HZ);
  await vi.advanceTimersByTimeAsync(100);

  expect(frames).toEqual([new Int16Array(640).fill(5)]);
});

test("an iterated source that fails is lost", async () => {
  async function* file(): AsyncGenerator<Int16Array> {
    yield await Promise.reject(new Error("torn"));
  }
  const { recorder, lost } = scene(iteratedSource(file, RATE_HZ));
  await recorder.open(undefined, now);
  await vi.advanceTimersByTimeAsync(100);

  expect(lost).toEqual(["lost"]);
});
