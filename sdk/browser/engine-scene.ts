/** The SDK's sound alone, without a call: in a page of a real browser, with its output captured sample by sample. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import type { AudioOptions } from "../src/audio.js";
import type { Playback, PlaybackState, Sound } from "../src/sound.js";
import { until } from "./scene.js";

/** What the page is told, with the time of the audio context in seconds. */
export interface Told {
  readonly playbacks: { at: number; turn: number; played: number; state: PlaybackState }[];
  readonly levels: [input: number, output: number][];
  readonly frames: number[];
  readonly changes: [kind: string, deviceId: string | undefined][];
  readonly problems: string[];
}

/** What the page keeps. */
interface EngineWindow {
  engine: typeof import("../src/audio.js") & typeof import("../src/browser.js");
  sound: Sound;
  told: Told;
  opened: Promise<string>;
  contexts: AudioContext[];
  streams: MediaStream[];
  loudspeaker: AudioNode;
  captured: { from: number; samples: Float32Array }[];
}

export const AGENT_HZ = 24000;

let bundle: Promise<string> | undefined;

/** The sources as one script that leaves its exports in the global `engine`. */
async function engineScript(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from "./audio.js"; export * from "./browser.js";`,
      resolveDir: fileURLToPath(new URL("../src", import.meta.url)),
    },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "engine",
    logLevel: "error",
    logOverride: { "empty-import-meta": "silent" },
  });
  return `${outputFiles[0]!.text}; window.engine = engine; undefined;`;
}

/** Opens the sound with a click on the bare page's button, and waits until it runs. */
export async function openEngine(page: Page, options: Partial<AudioOptions> = {}): Promise<void> {
  bundle ??= engineScript();
  await page.evaluate(await bundle);
  await page.evaluate((given) => {
    const scope = window as unknown as EngineWindow;
    const connect = AudioNode.prototype.connect as (this: AudioNode, ...args: unknown[]) => unknown;
    AudioNode.prototype.connect = function (this: AudioNode, ...args: unknown[]) {
      if (this instanceof AudioWorkletNode && this.numberOfInputs === 0) {
        scope.loudspeaker = this;
      }
      return connect.apply(this, args);
    } as typeof AudioNode.prototype.connect;
    const told: Told = { playbacks: [], levels: [], frames: [], changes: [], problems: [] };
    scope.told = told;
    scope.captured = [];
    document.querySelector<HTMLButtonElement>("#go")!.onclick = () => {
      const time = (): number => scope.contexts[0]!.currentTime;
      scope.sound = scope.engine.openSound(
        scope.engine.pageBrowser,
        {
          autoCaptureMic: true,
          captureDeviceId: undefined,
          playbackDeviceId: undefined,
          places: {
            named: "/sdk/worklets/",
            siblings: undefined,
            serverUrl: "",
            pageUrl: location.href,
          },
          ...given,
        },
        {
          frame: (samples) => told.frames.push(samples.length),
          playback: (playback: Playback) => told.playbacks.push({ at: time(), ...playback }),
          levels: (input, output) => told.levels.push([input, output]),
          deviceChanged: (kind, deviceId) => told.changes.push([kind, deviceId]),
          problem: (code, message) => told.problems.push(`${code}: ${message}`),
        },
      );
      scope.opened = scope.sound
        .open(Promise.resolve({ agentRateHz: 24000, microphoneRateHz: 16000 }))
        .then(() => "open", String);
    };
  }, options);
  await page.click("#go");
  const outcome = await page.evaluate(() => (window as unknown as EngineWindow).opened);
  if (outcome !== "open") {
    throw new Error(outcome);
  }
  await capture(page);
}

/** Begins to capture what the agent's worklet puts out. */
async function capture(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const scope = window as unknown as EngineWindow;
    const context = scope.contexts[0]!;
    await context.audioWorklet.addModule("/bare/recorder.js");
    const recorder = new AudioWorkletNode(context, "recorder");
    recorder.port.onmessage = ({ data }) => scope.captured.push(data as EngineWindow["captured"][number]);
    scope.loudspeaker.connect(recorder);
    // Its output is silence.
    recorder.connect(context.destination);
  });
  await until("captured output", async () => (await captured(page)).samples.length > 0);
}

export interface Captured {
  readonly rateHz: number;
  /** The frame of the context at which it begins. */
  readonly from: number;
  readonly samples: Float32Array;
}

/** All that was put out since the beginning. */
export async function captured(page: Page): Promise<Captured> {
  const { rateHz, from, text } = await page.evaluate(() => {
    const scope = window as unknown as EngineWindow;
    const blocks = scope.captured;
    const whole = new Float32Array(blocks.reduce((sum, { samples }) => sum + samples.length, 0));
    let at = 0;
    for (const { samples } of blocks) {
      whole.set(samples, at);
      at += samples.length;
    }
    let text = "";
    const bytes = new Uint8Array(whole.buffer);
    for (let start = 0; start < bytes.length; start += 8192) {
      text += String.fromCharCode(...bytes.subarray(start, start + 8192));
    }
    return { rateHz: scope.contexts[0]!.sampleRate, from: blocks[0]?.from ?? 0, text: btoa(text) };
  });
  const bytes = Buffer.from(text, "base64");
  return { rateHz, from, samples: new Float32Array(new Uint8Array(bytes).buffer) };
}

/** Waits until the output has been silent for a while, and everything of it is captured. */
export async function capturedToTheEnd(page: Page, silentS = 0.4): Promise<Captured> {
  let last: Captured | undefined;
  await until(
    "silence",
    async () => {
      last = await captured(page);
      const tail = last.samples.subarray(-silentS * last.rateHz);
      return last.samples.some((sample) => sample !== 0) && tail.every((sample) => sample === 0);
    },
    20_000,
  );
  return last!;
}

export const told = (page: Page): Promise<Told> =>
  page.evaluate(() => (window as unknown as EngineWindow).told);

/** How much later than the worklet the browser says that the ear is, in seconds. */
export const latencyS = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const { baseLatency, outputLatency } = (window as unknown as EngineWindow).contexts[0]!;
    return baseLatency + outputLatency;
  });

/** Does something with the sound, in the page. */
export const withSound = (
  page: Page,
  act: "hold" | "release" | "flush" | "volume" | "suspend" | "unplug" | "input" | "output",
  value: unknown = undefined,
): Promise<void> =>
  page.evaluate(
    async ([name, given]) => {
      const scope = window as unknown as EngineWindow;
      const { sound } = scope;
      switch (name) {
        case "hold":
          sound.hold();
          break;
        case "release":
          sound.release();
          break;
        case "flush":
          sound.flush(given as number);
          break;
        case "volume":
          sound.volume = given as number;
          break;
        case "suspend":
          await scope.contexts[0]!.suspend();
          break;
        case "unplug":
          scope.streams.at(-1)!.getTracks()[0]!.dispatchEvent(new Event("ended"));
          break;
        case "input":
          await sound.setInputDevice(given as string);
          break;
        case "output":
          await sound.setOutputDevice(given as string | undefined);
          break;
      }
    },
    [act, value] as const,
  );

/** Plays samples of a turn, in frames of 20 ms, all at once. */
export const speak = (page: Page, turn: number, samples: Int16Array, start = 0): Promise<void> =>
  page.evaluate(
    ([number, values, first]) => {
      const { sound } = window as unknown as EngineWindow;
      for (let at = 0; at < values.length; at += 480) {
        const frame = Int16Array.from(values.slice(at, at + 480));
        sound.play({ turn: number, start: first + at, samples: frame });
      }
    },
    [turn, [...samples], start] as const,
  );

/** Ids of devices of a kind. */
export const deviceIds = (page: Page, kind: MediaDeviceKind): Promise<string[]> =>
  page.evaluate(
    async (wanted) =>
      (await navigator.mediaDevices.enumerateDevices())
        .filter((device) => device.kind === wanted)
        .map(({ deviceId }) => deviceId),
    kind,
  );
