/** The extension of the wire while the socket holds: what is asked for, numbered, told and played. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { encodeBase64 } from "../src/pcm.js";
import { CREATED, settle } from "./fake-browser.js";
import {
  agentFrame,
  EXTENDED,
  EXTENSION,
  liveCall,
  microphoneFrames,
  newCall,
  type Call,
} from "./fake-platform.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const asked = ({ platform }: Call): (string | null)[] => {
  const query = new URL(platform.socket.url).searchParams;
  return ["ext", "frames", "opus"].map((name) => query.get(name));
};

describe("the extension", () => {
  /** Captions and resume are what this SDK is for. */
  test("is asked for with binary frames", () => {
    const call = newCall();
    void call.agent.connect();

    expect(asked(call)).toEqual(["1", "binary", null]);
  });

  /** A page may want the plain wire. */
  test("is not asked for with extension: false", () => {
    const call = newCall({ extension: false });
    void call.agent.connect();

    expect(asked(call)).toEqual([null, null, null]);
  });
});

describe("numbers", () => {
  /** One count for everything that must not be lost. */
  test("stand on sound, text and tools, one by one", async () => {
    const call = await liveCall();
    call.platform.sound.speak(7);
    call.agent.sendText("Hi");
    call.agent.sendToolResult("c1", "42");
    call.platform.sound.speak(8);

    expect(microphoneFrames(call.platform.socket)).toEqual([
      [1, 7],
      [4, 8],
    ]);
    expect(call.platform.socket.sent.map(({ seq }) => seq)).toEqual([2, 3]);
  });

  /** A server may grant the extension and no binary frames. */
  test("stand in JSON where the server grants no binary frames", async () => {
    const call = await liveCall({}, { ...EXTENDED, ext: { ...EXTENSION, frames: "json" } });
    call.platform.sound.speak(7);
    const audio = encodeBase64(new Uint8Array(new Int16Array(960).fill(7).buffer));

    expect(call.platform.socket.sent).toEqual([{ type: "input_audio_buffer.append", audio, seq: 1 }]);
  });

  /** The server may forget what we have. */
  test("of the server are confirmed with every ping and every report", async () => {
    const call = await liveCall();
    call.platform.socket.receive({ type: "transcript", role: "user", text: "Hi", seq: 4 });
    call.platform.socket.receiveBytes(agentFrame(5, 1, 0, [1]));
    call.platform.sound.at(1, 0);
    await vi.advanceTimersByTimeAsync(2000);

    expect(call.platform.socket.sent).toEqual([
      { type: "playback", turn: 1, played: 0, state: "playing", ack: 5 },
      { type: "ping", id: 1, ack: 5 },
    ]);
  });

  /** What comes a second time is passed over. */
  test("that are not above the last are passed over", async () => {
    const call = await liveCall();
    const said = { type: "transcript", role: "user", text: "Hi" };
    call.platform.socket.receive({ ...said, seq: 2 });
    call.platform.socket.receive({ ...said, seq: 2 });
    call.platform.socket.receive({ ...said, seq: 1 });

    expect(call.events.length).toBe(1);
  });
});

describe("playback", () => {
  /** The greeting waits for this. */
  test("is reported as soon as the output runs", async () => {
    const call = await liveCall();
    call.platform.sound.at(0, 0, "idle");

    expect(call.platform.socket.sent).toEqual([
      { type: "playback", turn: 0, played: 0, state: "idle", ack: 0 },
    ]);
  });

  /** A loudspeaker may be faster than the server. */
  test("that was reported before the session began is told when it begins", async () => {
    const call = newCall({ apiKey: () => Promise.resolve("wct_1") });
    void call.agent.connect();
    call.platform.sound.at(0, 0, "suspended");
    await settle();
    call.platform.socket.open();
    expect(call.platform.socket.sent).toEqual([]);
    call.platform.socket.receive(EXTENDED);

    expect(call.platform.socket.sent).toMatchObject([{ type: "playback", state: "suspended" }]);
  });

  /** Seconds are what a page can use. */
  test("is an event in seconds of the turn", async () => {
    const call = await liveCall();
    const heard: unknown[] = [];
    call.agent.on("playback", (event) => heard.push(event));
    call.platform.sound.at(2, 12_000);

    expect(heard).toEqual([{ turn: 2, playedS: 0.5, state: "playing" }]);
  });
});

describe("the agent's audio", () => {
  /** Binary frames say where they belong. */
  test("is played with its turn and its place", async () => {
    const call = await liveCall();
    call.platform.socket.receiveBytes(agentFrame(1, 3, 480, [5, 6]));

    expect(call.platform.sound.played).toEqual([{ turn: 3, start: 480, samples: new Int16Array([5, 6]) }]);
  });

  /** Only the turn that was interrupted, whatever else has arrived. */
  test("is flushed by turn", async () => {
    const call = await liveCall();
    call.platform.socket.receive({ type: "interruption", seq: 1, turn: 4 });

    expect(call.platform.sound.asked).toEqual(["flush 4"]);
  });

  /** A cough must not end a sentence. */
  test("is held and released, and the page is told", async () => {
    const call = await liveCall();
    call.platform.socket.receive({ type: "hold", seq: 1, turn: 1 });
    call.platform.socket.receive({ type: "release", seq: 2, turn: 1 });

    expect(call.platform.sound.asked).toEqual(["hold", "release"]);
    expect(call.events).toEqual([
      ["hold", { turn: 1 }],
      ["release", { turn: 1 }],
    ]);
  });

  /** The next turn must not find the loudspeaker held. */
  test("is let go after an interruption that follows a hold", async () => {
    const call = await liveCall();
    call.platform.socket.receive({ type: "hold", seq: 1, turn: 1 });
    call.platform.socket.receive({ type: "interruption", seq: 2, turn: 1 });

    expect(call.platform.sound.asked).toEqual(["hold", "flush 1", "release"]);
  });
});

describe("on the plain wire", () => {
  const PLAIN = { ...EXTENDED, ext: undefined };
  const audio = (count: number): Record<string, unknown> => ({
    type: "output_audio.delta",
    audio: encodeBase64(new Uint8Array(2 * count)),
  });
  const places = ({ platform }: Call): number[][] =>
    platform.sound.played.map(({ turn, start }) => [turn, start]);

  /** The loudspeaker wants both; the SDK counts them. */
  test("turns and samples are counted", async () => {
    const call = await liveCall({}, PLAIN);
    const { socket } = call.platform;
    socket.receive({ type: "agent_start_talking" });
    socket.receive(audio(480));
    socket.receive(audio(960));
    socket.receive({ type: "agent_stop_talking" });
    socket.receive({ type: "agent_start_talking" });
    socket.receive(audio(480));

    expect(places(call)).toEqual([
      [1, 0],
      [1, 480],
      [2, 0],
    ]);
  });

  /** Servers need not announce a turn. */
  test("audio without an announcement is a turn of its own", async () => {
    const call = await liveCall({}, PLAIN);
    call.platform.socket.receive(audio(480));
    call.platform.socket.receive({ type: "interruption" });
    call.platform.socket.receive(audio(480));

    expect(places(call)).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(call.platform.sound.asked).toEqual(["flush 1"]);
  });

  /** An announced turn after an interruption is not counted twice. */
  test("an interruption ends the turn that was counted last", async () => {
    const call = await liveCall({}, PLAIN);
    const { socket } = call.platform;
    socket.receive({ type: "agent_start_talking" });
    socket.receive(audio(480));
    socket.receive({ type: "interruption" });
    socket.receive({ type: "agent_start_talking" });
    socket.receive(audio(480));
    socket.receive({ type: "interruption" });

    expect(places(call)).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(call.platform.sound.asked).toEqual(["flush 1", "flush 2"]);
  });
});

describe("events", () => {
  /** Each message of the extension has its event, with the documented content. */
  test("follow the messages of the extension", async () => {
    const call = await liveCall();
    const timestamp = "2026-07-02T10:30:45.123456";
    const times = { endpoint_ms: 20, transcript_ms: 180, text_ms: 120, voice_ms: 180, total_ms: 500 };
    const messages = [
      { type: "user_started_speaking", timestamp },
      { type: "user_stopped_speaking", timestamp },
      { type: "tool_started", call_id: "c1", name: "find" },
      { type: "tool_ended", call_id: "c1", name: "find", error: "tool_timeout" },
      { type: "turn_metrics", turn: 2, ...times },
    ];
    messages.forEach((message, index) => call.platform.socket.receive({ ...message, seq: index + 1 }));

    expect(call.events).toEqual([
      ["user_started_speaking", { timestamp }],
      ["user_stopped_speaking", { timestamp }],
      ["tool_started", { call_id: "c1", name: "find" }],
      ["tool_ended", { call_id: "c1", name: "find", error: "tool_timeout" }],
      ["turn_metrics", { turn: 2, ...times }],
    ]);
  });

  /** Words come ahead of the sound, and are told with it. */
  test("of captions come with the sound", async () => {
    const call = await liveCall();
    const words = [
      { text: "Hello,", start: 0, end: 0.4 },
      { text: "you", start: 0.5, end: 0.6 },
    ];
    call.platform.socket.receive({ type: "caption", seq: 1, turn: 1, first: 0, words });
    expect(call.events).toEqual([]);

    call.platform.sound.at(1, 4800);

    expect(call.events).toEqual([["caption", { turn: 1, index: 0, text: "Hello,", start: 0, end: 0.4 }]]);
  });

  /** What was not heard is not shown. */
  test("of captions end with an interruption", async () => {
    const call = await liveCall();
    const words = [{ text: "Hello,", start: 0.1, end: 0.4 }];
    call.platform.socket.receive({ type: "caption", seq: 1, turn: 1, first: 0, words });
    call.platform.socket.receive({ type: "interruption", seq: 2, turn: 1 });
    call.platform.sound.at(1, 4800, "idle");

    expect(call.events).toEqual([["interruption"]]);
  });

  /** What the sound tells is handed on. */
  test("of levels, devices and problems come from the sound", async () => {
    const call = await liveCall();
    const levels: unknown[] = [];
    call.agent.on("levels", (event) => levels.push(event));
    const { listener } = call.platform.sound;
    listener.levels(0.25, 0.5);
    listener.deviceChanged("output", undefined);
    listener.problem("echo", "the microphone hears the agent");

    expect(levels).toEqual([{ input: 0.25, output: 0.5 }]);
    expect(call.events).toEqual([
      ["device_changed", { kind: "output", deviceId: undefined }],
      ["error", { code: "echo", message: "the microphone hears the agent" }],
    ]);
  });

  /** Nothing is told of a call that is over. */
  test("of the sound end with the call", async () => {
    const call = await liveCall();
    call.agent.disconnect();
    const { listener } = call.platform.sound;
    listener.levels(0.25, 0.5);
    listener.deviceChanged("output", undefined);
    listener.problem("echo", "the microphone hears the agent");

    expect(call.events).toEqual([]);
  });
});

describe("the agent object", () => {
  /** One word for a page to draw by. */
  test("says where the call stands", async () => {
    const call = newCall();
    const seen: string[] = [call.agent.state];
    const connecting = call.agent.connect();
    seen.push(call.agent.state);
    call.platform.socket.open();
    call.platform.socket.receive(EXTENDED);
    await connecting;
    seen.push(call.agent.state);
    call.platform.socket.drop(1006);
    seen.push(call.agent.state);
    call.agent.disconnect();
    seen.push(call.agent.state);

    expect(seen).toEqual(["idle", "connecting", "live", "reconnecting", "over"]);
  });

  /** As the page has set it, in every call. */
  test("keeps its volume from call to call, between 0 and 1", async () => {
    const call = newCall();
    call.agent.volume = 0.5;
    void call.agent.connect();
    const atStart = call.platform.sound.volume;
    call.agent.volume = 7;

    expect([atStart, call.platform.sound.volume, call.agent.volume]).toEqual([0.5, 1, 1]);
  });

  /** Listening first, speaking later. */
  test("opens the microphone later, and mutes it then", async () => {
    const call = await liveCall({ autoCaptureMic: false });
    call.agent.mute();
    expect(call.agent.isMuted).toBe(false);

    await call.agent.startMicrophone();
    call.agent.mute();

    expect(call.platform.sound.asked).toEqual(["startMicrophone"]);
    expect([call.agent.isMuted, call.platform.sound.muted]).toEqual([true, true]);
  });

  /** There is nothing to speak into. */
  test("opens no microphone without a session", async () => {
    await expect(newCall().agent.startMicrophone()).rejects.toThrow("call connect() first");
  });

  /** All that concerns the sound reaches it, and it knows the server. */
  test("hands its options to the sound", () => {
    const call = newCall({ captureDeviceId: "m1", halfDuplex: "off", workletUrl: "/w/" });
    void call.agent.connect();

    expect(call.platform.sound.options).toMatchObject({
      autoCaptureMic: true,
      captureDeviceId: "m1",
      playbackDeviceId: undefined,
      halfDuplex: "off",
      workletUrl: "/w/",
      serverUrl: "wss://voice.example",
    });
  });

  /** The sound runs at the rates that the server names. */
  test("tells the sound the rates of the session", async () => {
    const call = await liveCall({ sampleRate: 48000 }, CREATED);

    expect(call.platform.sound.rates).toEqual({ agentRateHz: 24000, microphoneRateHz: 48000 });
  });
});
