/** A platform made of plain objects: what sound and server would do is done by the test. */
import { AtomsAgent } from "../src/agent.js";
import type { AtomsAgentConfig } from "../src/config.js";
import type { EventName } from "../src/events.js";
import type { Platform, SoundOptions } from "../src/platform.js";
import type { AgentFrame, Playback, Rates, Sound, SoundListener } from "../src/sound.js";
import { CREATED, FakeSocket, settle } from "./fake-browser.js";

export class FakeSound implements Sound {
  inputLevel = 0;
  outputLevel = 0;
  muted = false;
  volume = 1;
  rates: Rates | undefined;
  isClosed = false;
  /** What was asked of it apart from frames, in order. */
  readonly asked: string[] = [];
  readonly played: AgentFrame[] = [];

  constructor(
    readonly options: SoundOptions,
    readonly listener: SoundListener,
  ) {}

  async open(rates: Promise<Rates>): Promise<void> {
    this.rates = await rates;
  }

  startMicrophone(): Promise<void> {
    this.asked.push("startMicrophone");
    return Promise.resolve();
  }

  setInputDevice(deviceId: string | undefined): Promise<void> {
    this.asked.push(`input ${deviceId}`);
    return Promise.resolve();
  }

  setOutputDevice(deviceId: string | undefined): Promise<void> {
    this.asked.push(`output ${deviceId}`);
    return Promise.resolve();
  }

  play(frame: AgentFrame): void {
    this.played.push(frame);
  }

  flush(turn: number): void {
    this.asked.push(`flush ${turn}`);
  }

  hold(): void {
    this.asked.push("hold");
  }

  release(): void {
    this.asked.push("release");
  }

  reportPlayback(): void {
    this.asked.push("report");
  }

  close(): void {
    this.isClosed = true;
  }

  /** The visitor speaks for a frame of 40 ms; its samples all have this value. */
  speak(value = 1): void {
    this.listener.frame(new Int16Array(960).fill(value));
  }

  /** The loudspeaker has got this far. */
  at(turn: number, played: number, state: Playback["state"] = "playing"): void {
    this.listener.playback({ turn, played, state });
  }
}

export class FakePlatform implements Platform {
  readonly sockets: FakeSocket[] = [];
  readonly sounds: FakeSound[] = [];
  readonly reported: unknown[] = [];
  readonly events = new EventTarget();
  readonly pageUrl = "https://shop.example/page";
  readonly scriptUrl = "https://voice.example/sdk/agent-sdk.browser.js";

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  get sound(): FakeSound {
    return this.sounds.at(-1)!;
  }

  openSocket(url: string): WebSocket {
    this.sockets.push(new FakeSocket(url));
    return this.socket as unknown as WebSocket;
  }

  openSound(options: SoundOptions, listener: SoundListener): Sound {
    this.sounds.push(new FakeSound(options, listener));
    return this.sound;
  }

  reportError(error: unknown): void {
    this.reported.push(error);
  }

  now(): number {
    return performance.now();
  }

  /** In the middle: waits are as long as they are named. */
  random(): number {
    return 0.5;
  }
}

/** `ext` of a new call. */
export const EXTENSION = {
  version: 1,
  frames: "binary",
  resume_token: "vrt_1",
  resume_window_s: 60,
  resumed: false,
  input_seq: 0,
};

export const EXTENDED = { ...CREATED, ext: EXTENSION };

/** The first message of a call that goes on. */
export const resumed = (inputSeq: number): Record<string, unknown> => ({
  ...CREATED,
  ext: { ...EXTENSION, resumed: true, input_seq: inputSeq },
});

/** A call in which the test plays the loudspeaker, the visitor and the server. */
export interface Call {
  readonly platform: FakePlatform;
  readonly agent: AtomsAgent;
  /** Every event in order, less those that come all the time: its name and what its handler got. */
  readonly events: [EventName, ...unknown[]][];
}

export function newCall(config: Partial<AtomsAgentConfig> = {}): Call {
  const platform = new FakePlatform();
  const events: Call["events"] = [];
  const agent = new AtomsAgent({ apiKey: "sk_1", agentId: "a1", ...config }, platform);
  for (const name of EVENT_NAMES) {
    agent.on(name, (...args: unknown[]) => void events.push([name, ...args]));
  }
  return { platform, agent, events };
}

/** A call that is live, on the extension where `created` does not say otherwise. */
export async function liveCall(
  config: Partial<AtomsAgentConfig> = {},
  created: Record<string, unknown> = EXTENDED,
): Promise<Call> {
  const call = newCall(config);
  const connecting = call.agent.connect();
  await settle();
  call.platform.socket.open();
  call.platform.socket.receive(created);
  await connecting;
  call.events.length = 0;
  return call;
}

/** The server takes the call up again on the socket that was opened last. */
export function comeBack({ platform }: Call, inputSeq: number): void {
  platform.socket.open();
  platform.socket.receive(resumed(inputSeq));
}

/** The numbers and the sound of the microphone frames on a socket: all samples of a frame have one value. */
export const microphoneFrames = (socket: FakeSocket): [seq: number, sample: number][] =>
  socket.bytes.map((frame) => {
    const view = new DataView(frame);
    return [view.getUint32(4, true), view.getInt16(8, true)];
  });

/** A binary frame of the server. */
export function agentFrame(
  seq: number,
  turn: number,
  start: number,
  samples: readonly number[],
): ArrayBuffer {
  const frame = new ArrayBuffer(16 + 2 * samples.length);
  const view = new DataView(frame);
  view.setUint8(0, 2);
  [seq, turn, start].forEach((value, index) => view.setUint32(4 + 4 * index, value, true));
  samples.forEach((sample, index) => view.setInt16(16 + 2 * index, sample, true));
  return frame;
}

export const EVENT_NAMES = Object.keys({
  session_started: 0,
  session_ended: 0,
  agent_start_talking: 0,
  agent_stop_talking: 0,
  error: 0,
  transcript: 0,
  transcript_delta: 0,
  interruption: 0,
  function_call: 0,
  tools_declared: 0,
  tools_refused: 0,
  device_changed: 0,
  reconnecting: 0,
  reconnected: 0,
  caption: 0,
  hold: 0,
  release: 0,
  user_started_speaking: 0,
  user_stopped_speaking: 0,
  tool_started: 0,
  tool_ended: 0,
  turn_metrics: 0,
} satisfies Record<Exclude<EventName, "levels" | "playback">, 0>) as Exclude<
  EventName,
  "levels" | "playback"
>[];
