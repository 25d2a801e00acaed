/** The browser's sound alone, and what its listener is told. */
import { openSound, type AudioOptions } from "../src/audio.js";
import type { Playback, Rates, Sound } from "../src/sound.js";
import { FakeBrowser, settle } from "./fake-browser.js";

export interface SoundScene {
  readonly browser: FakeBrowser;
  readonly sound: Sound;
  readonly frames: Int16Array[];
  readonly playbacks: Playback[];
  readonly levels: [input: number, output: number][];
  readonly changes: [kind: string, deviceId: string | undefined][];
  /** The codes of the problems. */
  readonly problems: string[];
}

export const RATES: Rates = { agentRateHz: 24000, microphoneRateHz: 16000 };

const PLACES = { named: "/w/", siblings: undefined, serverUrl: "wss://h", pageUrl: "https://page.example/" };

export function soundScene(
  options: Partial<AudioOptions> = {},
  browser: FakeBrowser = new FakeBrowser(),
): SoundScene {
  const made = { browser, frames: [], playbacks: [], levels: [], changes: [], problems: [] } as unknown as {
    -readonly [Key in keyof SoundScene]: SoundScene[Key];
  };
  made.sound = openSound(
    browser,
    {
      autoCaptureMic: true,
      captureDeviceId: undefined,
      playbackDeviceId: undefined,
      places: PLACES,
      ...options,
    },
    {
      frame: (samples) => made.frames.push(samples),
      playback: (playback) => made.playbacks.push(playback),
      levels: (input, output) => made.levels.push([input, output]),
      deviceChanged: (kind, deviceId) => made.changes.push([kind, deviceId]),
      problem: (code) => made.problems.push(code),
    },
  );
  return made;
}

/** A scene whose output runs, and whose microphone does too if it is wanted. */
export async function openSoundScene(
  options: Partial<AudioOptions> = {},
  browser: FakeBrowser = new FakeBrowser(),
): Promise<SoundScene> {
  const made = soundScene(options, browser);
  browser.context.become("running");
  await made.sound.open(Promise.resolve(RATES));
  return made;
}

/** The browser says that devices have come or gone. */
export async function replug(
  { browser }: SoundScene,
  devices: readonly (readonly [MediaDeviceKind, string])[],
): Promise<void> {
  browser.plugged = devices.map(([kind, deviceId]) => ({ kind, deviceId }));
  browser.devices.dispatchEvent(new Event("devicechange"));
  await settle();
}

/** What is told to a worklet, by its type. */
export const told = (node: { told: Record<string, unknown>[] }): unknown[] =>
  node.told.map(({ type }) => type);

export const tracksOf = ({ browser }: SoundScene): boolean[] =>
  browser.streams.map(({ track }) => track.stopped);
