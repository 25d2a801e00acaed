/** Opus by a WebCodecs of plain objects: a packet is its samples as bytes. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { canOpus, opusDecoder, opusEncoder } from "../src/opus.js";
import type { AgentFrame } from "../src/sound.js";
import { settle } from "./fake-browser.js";
import { EXTENDED, liveCall, microphoneFrames, newCall, type Call } from "./fake-platform.js";

/** What the browser says it can. */
let supported: (rateHz: number) => boolean;

class FakeCodec<Output> {
  state = "unconfigured";
  rateHz = 0;

  constructor(readonly init: { output(output: Output): void; error(error: unknown): void }) {}

  static isConfigSupported({ sampleRate }: { sampleRate: number }): Promise<{ supported: boolean }> {
    return Promise.resolve({ supported: supported(sampleRate) });
  }

  configure({ sampleRate }: { sampleRate: number }): void {
    this.state = "configured";
    this.rateHz = sampleRate;
  }

  close(): void {
    this.state = "closed";
  }
}

interface Packet {
  readonly byteLength: number;
  copyTo(target: Uint8Array): void;
}

class FakeEncoder extends FakeCodec<Packet> {
  encode({ data }: { data: Int16Array }): void {
    const bytes = new Uint8Array(data.buffer);
    queueMicrotask(() =>
      this.init.output({ byteLength: bytes.length, copyTo: (target) => target.set(bytes) }),
    );
  }
}

/** Gives samples at 48 kHz, whatever was asked for, as Chromium does. */
class FakeDecoder extends FakeCodec<unknown> {
  decode({ data }: { data: Uint8Array }): void {
    if (data[0] === 255) {
      this.close();
      this.init.error(new Error("EncodingError"));
      return;
    }
    const step = 48000 / this.rateHz;
    const samples = new Int16Array(data.slice().buffer);
    queueMicrotask(() => {
      // A decoder that was closed gives nothing more, and one that was reset no longer counts.
      this.init.output({
        sampleRate: 48000,
        numberOfFrames: samples.length * step,
        copyTo: (target: Float32Array) => {
          samples.forEach((sample, index) => target.fill(sample / 32768, index * step, (index + 1) * step));
        },
        close: () => undefined,
      });
    });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  supported = () => true;
  vi.stubGlobal("AudioEncoder", FakeEncoder);
  vi.stubGlobal("AudioDecoder", FakeDecoder);
  vi.stubGlobal(
    "AudioData",
    class {
      constructor(init: object) {
        Object.assign(this, init);
      }
    },
  );
  vi.stubGlobal(
    "EncodedAudioChunk",
    class {
      constructor(init: object) {
        Object.assign(this, init);
      }
    },
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A packet of this many milliseconds at 24 kHz, all of one value. */
const packet = (ms: number, value = 1): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new Int16Array(24 * ms).fill(value).buffer);

const OPUS = {
  ...EXTENDED,
  input_audio_format: "opus_24000",
  output_audio_format: "opus_24000",
};

const isAsked = ({ platform }: Call): boolean =>
  new URL(platform.socket.url).searchParams.get("opus") === "1";

describe("Opus is asked for", () => {
  async function connected(config: Parameters<typeof newCall>[0]): Promise<Call> {
    const call = newCall(config);
    void call.agent.connect();
    await settle();
    return call;
  }

  /** Whoever wants it gets it, where it can be had. */
  test("where the page wants it and the browser has it", async () => {
    expect(isAsked(await connected({ opus: true }))).toBe(true);
  });

  /** Nobody waits for what he does not want. */
  test("by nobody who does not want it, and the socket opens at once", () => {
    const call = newCall();
    void call.agent.connect();

    expect(isAsked(call)).toBe(false);
  });

  /** Without both directions it is PCM. */
  test.each([
    ["the browser codes no Opus", () => (supported = () => false)],
    ["the browser has no WebCodecs", () => vi.stubGlobal("AudioEncoder", undefined)],
  ])("not where %s", async (_what, prepare) => {
    prepare();

    expect(isAsked(await connected({ opus: true }))).toBe(false);
  });

  /** It belongs to the extension, and to calls that are spoken. */
  test.each([{ extension: false }, { mode: "chat" as const }])("not with %j", async (config) => {
    expect(isAsked(await connected({ opus: true, ...config }))).toBe(false);
  });

  /** The gesture's own calls come first: nothing is awaited before them. */
  test("after the sound was opened", () => {
    const call = newCall({ opus: true });
    void call.agent.connect();

    expect([call.platform.sounds.length, call.platform.sockets.length]).toEqual([1, 0]);
  });

  /** A microphone rate that Opus has not stays PCM, and the agent's voice need not. */
  test("for the directions that have one of its rates", async () => {
    supported = (rateHz) => rateHz === 24000;

    expect([await canOpus(44100, 24000), await canOpus(48000, 24000)]).toEqual([true, false]);
  });
});

describe("a call with Opus", () => {
  /** One packet for each frame, numbered like all sound. */
  test("sends packets", async () => {
    const call = await liveCall({ opus: true }, OPUS);
    call.platform.sound.speak(3);
    call.platform.sound.speak(4);
    await settle();

    expect(microphoneFrames(call.platform.socket)).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  /** A server may keep PCM although Opus was asked for. */
  test("is one with PCM where the server says so", async () => {
    vi.stubGlobal("AudioEncoder", undefined);
    const call = await liveCall({ opus: true });
    call.platform.sound.speak(3);

    expect(microphoneFrames(call.platform.socket)).toEqual([[1, 3]]);
  });

  /** A token may have fixed what the browser cannot. */
  test("cannot be opened in a browser without it", async () => {
    vi.stubGlobal("AudioEncoder", undefined);
    vi.stubGlobal("AudioDecoder", undefined);

    await expect(liveCall({}, OPUS)).rejects.toMatchObject({
      message: "WebSocket connection failed",
      cause: { name: "NotSupportedError" },
    });
  });
});

describe("the decoder", () => {
  interface Play {
    readonly frames: AgentFrame[];
    readonly failures: unknown[];
    readonly decoder: ReturnType<typeof opusDecoder>;
  }

  function play(): Play {
    const frames: AgentFrame[] = [];
    const failures: unknown[] = [];
    const decoder = opusDecoder(
      24000,
      (frame) => frames.push(frame),
      (error) => failures.push(error),
    );
    return { frames, failures, decoder };
  }

  const spans = ({ frames }: Play): number[][] =>
    frames.map(({ turn, start, samples }) => [turn, start, start + samples.length]);

  /** At the rate of the call, though the browser decodes at another. */
  test("gives the samples with their place, and the end of them a moment later", async () => {
    const made = play();
    made.decoder.decode(1, 480, packet(40, 1000));
    await settle();
    expect(spans(made)).toEqual([[1, 480, 960]]);
    await vi.advanceTimersByTimeAsync(60);

    expect(spans(made)).toEqual([
      [1, 480, 960],
      [1, 960, 1440],
    ]);
    expect([...new Set(made.frames.flatMap(({ samples }) => [...samples]))]).toEqual([1000]);
  });

  /** The silence that fills a packet up would take the place of speech. */
  test("leaves out what the next packet's start says was filled up", async () => {
    const made = play();
    made.decoder.decode(1, 0, packet(40));
    made.decoder.decode(1, 800, packet(40));
    await settle();
    await vi.advanceTimersByTimeAsync(60);

    expect(spans(made)).toEqual([
      [1, 0, 480],
      [1, 480, 800],
      [1, 800, 1280],
      [1, 1280, 1760],
    ]);
  });

  /** Starts count from 0 in each turn. */
  test("keeps the end of a turn that another follows", async () => {
    const made = play();
    made.decoder.decode(1, 2400, packet(40));
    made.decoder.decode(2, 0, packet(40));
    await settle();

    expect(spans(made)).toEqual([
      [1, 2400, 2880],
      [1, 2880, 3360],
      [2, 0, 480],
    ]);
  });

  /** What was interrupted must not be heard, nor shift what follows. */
  test("forgets everything when it is reset", async () => {
    const made = play();
    made.decoder.decode(1, 0, packet(40));
    await settle();
    made.decoder.decode(1, 960, packet(40));
    made.decoder.reset();
    made.decoder.decode(2, 0, packet(40));
    await settle();
    await vi.advanceTimersByTimeAsync(60);

    expect(spans(made)).toEqual([
      [1, 0, 480],
      [2, 0, 480],
      [2, 480, 960],
    ]);
  });

  /** One broken packet costs one packet. */
  test("goes on after a broken packet, and tells of it", async () => {
    const made = play();
    made.decoder.decode(1, 0, new Uint8Array([255, 255]));
    made.decoder.decode(1, 960, packet(40));
    await settle();

    expect(made.failures.length).toBe(1);
    expect(spans(made)).toEqual([[1, 960, 1440]]);
  });

  /** After the end nothing is played, and no timer stays. */
  test("is silent when it is closed", async () => {
    const made = play();
    made.decoder.decode(1, 0, packet(40));
    await settle();
    made.decoder.close();
    await vi.advanceTimersByTimeAsync(1000);

    expect(spans(made)).toEqual([[1, 0, 480]]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

/** A microphone that goes on after the end of the call finds nobody. */
test("an encoder that is closed takes no more frames", async () => {
  const packets: Uint8Array[] = [];
  const encoder = opusEncoder(
    24000,
    (bytes) => packets.push(bytes),
    () => undefined,
  );
  encoder.code(new Int16Array(960));
  encoder.close();
  encoder.code(new Int16Array(960));
  await settle();

  expect(packets.length).toBe(1);
});
