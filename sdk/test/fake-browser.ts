/** A browser made of plain objects: what the page would do is done by the test. */
import type { Browser } from "../src/browser.js";

export class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  binaryType = "blob";
  readonly sent: Record<string, unknown>[] = [];
  /** Binary messages that were sent. */
  readonly bytes: ArrayBuffer[] = [];
  readonly closedWith: (number | undefined)[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(readonly url: string) {}

  get types(): unknown[] {
    return this.sent.map((message) => message["type"]);
  }

  send(frame: string | ArrayBuffer): void {
    if (typeof frame === "string") {
      this.sent.push(JSON.parse(frame) as Record<string, unknown>);
    } else {
      this.bytes.push(frame);
    }
  }

  close(code?: number): void {
    this.closedWith.push(code);
    this.readyState = 2;
  }

  /** The server accepts. */
  open(): void {
    this.readyState = 1;
  }

  /** The server sends a message. */
  receive(message: Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** The server sends a binary message. */
  receiveBytes(data: ArrayBuffer): void {
    this.onmessage?.({ data });
  }

  /** The socket is closed. */
  drop(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

export class FakeTrack {
  enabled = true;
  stopped = false;
  onended: (() => void) | null = null;
  settings: MediaTrackSettings = { deviceId: "built-in", sampleRate: 48000 };

  getSettings(): MediaTrackSettings {
    return this.settings;
  }

  stop(): void {
    this.stopped = true;
  }
}

export class FakeStream {
  readonly track = new FakeTrack();
  readonly getTracks = (): FakeTrack[] => [this.track];
  readonly getAudioTracks = this.getTracks;
}

export class FakeNode {
  readonly connectedTo: unknown[] = [];
  disconnected = false;
  started = false;
  buffer: unknown;

  start(): void {
    this.started = true;
  }

  connect(target: unknown): void {
    this.connectedTo.push(target);
  }

  disconnect(): void {
    this.disconnected = true;
  }
}

export class FakeWorkletNode extends FakeNode {
  readonly told: Record<string, unknown>[] = [];
  readonly port = {
    onmessage: null as ((event: { data: unknown }) => void) | null,
    postMessage: (message: Record<string, unknown>): void => void this.told.push(message),
  };

  onprocessorerror: (() => void) | null = null;

  constructor(
    readonly name: string,
    readonly options: AudioWorkletNodeOptions,
    readonly context: AudioContext | undefined = undefined,
  ) {
    super();
  }

  /** The worklet speaks to the page. */
  say(data: unknown): void {
    this.port.onmessage?.({ data });
  }
}

export class FakeContext extends EventTarget {
  state = "suspended";
  sampleRate = 48000;
  /** One block; 0 in Firefox. */
  baseLatency = 128 / 48000;
  outputLatency = 0;
  /** Whether it refuses microphones, as Firefox does with those of another rate. */
  isStrict = false;
  readonly sources: FakeNode[] = [];
  resumes = 0;
  closed = false;
  sinkId = "";
  readonly destination = {};
  readonly modules: string[] = [];
  /** Addresses that do not exist. */
  missing: readonly string[] = [];
  audioWorklet: { addModule(url: string): Promise<void> } | undefined = {
    addModule: (url) => {
      this.modules.push(url);
      this.calls.push("addModule");
      return this.missing.includes(url) ? Promise.reject(new Error("404")) : Promise.resolve();
    },
  };

  /** @param calls What was asked of the browser, in order. */
  constructor(readonly calls: string[] = []) {
    super();
  }

  /** The browser suspends the sound, or lets it run. */
  become(state: string): void {
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }

  resume(): Promise<void> {
    this.calls.push("resume");
    this.resumes += 1;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  setSinkId(id: string): Promise<void> {
    this.sinkId = id;
    return id === "gone" ? Promise.reject(new Error("NotFoundError")) : Promise.resolve();
  }

  createMediaStreamSource(): FakeNode {
    if (this.isStrict) {
      throw new Error("NotSupportedError");
    }
    this.sources.push(new FakeNode());
    return this.sources.at(-1)!;
  }

  createBuffer(): unknown {
    return {};
  }

  createBufferSource(): FakeNode {
    this.calls.push("prime");
    return new FakeNode();
  }
}

export class FakeBrowser implements Browser {
  readonly sockets: FakeSocket[] = [];
  readonly contexts: FakeContext[] = [];
  readonly nodes: FakeWorkletNode[] = [];
  readonly streams: FakeStream[] = [];
  readonly asked: MediaTrackConstraints[] = [];
  readonly reported: unknown[] = [];
  /** What was asked for, in order: "openAudio", "resume", "prime", "addModule", "openMicrophone". */
  readonly calls: string[] = [];
  readonly events = new EventTarget();
  readonly devices = new EventTarget();
  /** What `listDevices()` answers. */
  plugged: Partial<MediaDeviceInfo>[] = [];
  /** For each wake lock that was asked for, whether it is still held. */
  readonly awake: boolean[] = [];
  readonly wakeLock = {
    request: () => {
      const at = this.awake.push(true) - 1;
      return Promise.resolve({ release: () => Promise.resolve(void (this.awake[at] = false)) });
    },
  } as unknown as WakeLock;
  pageUrl: string | undefined = "https://shop.example/page";
  scriptUrl: string | undefined = "https://voice.example/sdk/agent-sdk.browser.js";
  /** What the visitor does when asked for the microphone; a promise that stays open is an open prompt. */
  answerPrompt = (): Promise<FakeStream> => Promise.resolve(new FakeStream());
  /** Called with every new context, before the SDK gets it. */
  prepareContext: (context: FakeContext) => void = () => undefined;

  get socket(): FakeSocket {
    return last(this.sockets);
  }

  get context(): FakeContext {
    return last(this.contexts);
  }

  get microphone(): FakeWorkletNode {
    return last(this.nodes.filter(({ name }) => name === "vivavoce-capture"));
  }

  get loudspeaker(): FakeWorkletNode {
    return last(this.nodes.filter(({ name }) => name === "vivavoce-playback"));
  }

  openSocket(url: string): WebSocket {
    this.sockets.push(new FakeSocket(url));
    return this.socket as unknown as WebSocket;
  }

  listDevices(): Promise<MediaDeviceInfo[]> {
    return Promise.resolve(this.plugged as MediaDeviceInfo[]);
  }

  openAudio(): AudioContext {
    this.calls.push("openAudio");
    const context = new FakeContext(this.calls);
    this.prepareContext(context);
    this.contexts.push(context);
    return context as unknown as AudioContext;
  }

  createWorkletNode(context: AudioContext, name: string, options: AudioWorkletNodeOptions): AudioWorkletNode {
    const node = new FakeWorkletNode(name, options, context);
    this.nodes.push(node);
    return node as unknown as AudioWorkletNode;
  }

  async openMicrophone(constraints: MediaTrackConstraints): Promise<MediaStream> {
    this.calls.push("openMicrophone");
    this.asked.push(constraints);
    const stream = await this.answerPrompt();
    this.streams.push(stream);
    return stream as unknown as MediaStream;
  }

  siblingWorklets(): { capture: string; playback: string } {
    return {
      capture: "https://voice.example/sdk/worklets/capture.js",
      playback: "https://voice.example/sdk/worklets/playback.js",
    };
  }

  reportError(error: unknown): void {
    this.reported.push(error);
  }
}

function last<Item>(items: readonly Item[]): Item {
  const item = items.at(-1);
  if (item === undefined) {
    throw new Error("the SDK has not asked for one yet");
  }
  return item;
}

/** Lets everything that is ready to run, run: promises, and nothing that needs time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await Promise.resolve();
  }
}

/** The first message of a session. */
export const CREATED = {
  type: "session.created",
  session_id: "7d0c2a52-6f0e-4a53-8f6c-0d4a0c7b8a11",
  call_id: "CALL-1776756378884-6a553c",
  sample_rate: 24000,
  channels: 1,
};
