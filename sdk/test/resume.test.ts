/** Calls that lose their socket: what is kept, what is tried, and what comes of it. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Channel } from "../src/channel.js";
import {
  agentFrame,
  comeBack,
  EXTENDED,
  EXTENSION,
  FakePlatform,
  liveCall,
  microphoneFrames,
  type Call,
} from "./fake-platform.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const names = ({ events }: Call): string[] => events.map(([name]) => name);
const query = ({ platform }: Call): Record<string, string> =>
  Object.fromEntries(new URL(platform.socket.url).searchParams);

/** The call is lost, and the first try to take it up is on its way. */
async function lose(call: Call): Promise<void> {
  call.platform.socket.drop(1006);
  await vi.advanceTimersByTimeAsync(0);
}

/** The visitor speaks in real time: one frame of 40 ms after the other. */
async function speakFor(call: Call, frames: number, first = 1): Promise<void> {
  for (let value = first; value < first + frames; value += 1) {
    call.platform.sound.speak(value);
    await vi.advanceTimersByTimeAsync(40);
  }
}

describe("a socket that is lost", () => {
  /** Most losses are over at once. */
  test("is replaced at once, with the token and both numbers", async () => {
    const call = await liveCall();
    call.platform.socket.receive({ type: "agent_start_talking", seq: 1, turn: 1 });
    await speakFor(call, 3);
    await lose(call);

    expect(query(call)).toEqual({ resume: "vrt_1", last_seq: "1", input_seq: "3", ext: "1" });
    expect(call.events.slice(1)).toEqual([["reconnecting", { attempt: 1, delayMs: 0 }]]);
    expect([call.agent.state, call.agent.isConnected]).toEqual(["reconnecting", true]);
  });

  /** Who resumed then would take the call away from the socket that has it. */
  test("is left alone where another has come in its place", async () => {
    const call = await liveCall();
    call.platform.socket.drop(4409);
    await vi.advanceTimersByTimeAsync(10_000);

    expect(call.events).toEqual([["session_ended", { reason: "4409" }]]);
    expect(call.platform.sockets.length).toBe(1);
  });

  /** The page learns that it is the same call, and how long it was away. */
  test("is told of when the call goes on", async () => {
    const call = await liveCall();
    await lose(call);
    await vi.advanceTimersByTimeAsync(300);
    comeBack(call, 0);

    expect(call.events.slice(1)).toEqual([["reconnected", { callId: EXTENDED.call_id, awayMs: 300 }]]);
    expect(call.agent.state).toBe("live");
  });

  /** Ever more seldom, so that a server that comes back is not run over. */
  test("is tried again and again, ever more seldom", async () => {
    const call = await liveCall();
    await lose(call);
    const waits: unknown[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      call.platform.socket.drop(1006);
      waits.push(call.events.at(-1)?.[1]);
      await vi.advanceTimersByTimeAsync(3000);
    }

    expect(waits).toEqual(
      [250, 500, 1000, 2000, 3000, 3000].map((delayMs, index) => ({ attempt: index + 2, delayMs })),
    );
    expect(call.platform.sockets.length).toBe(8);
  });

  /** A network without a way to the server answers nothing at all. */
  test("is tried again when a try is not answered within 5 s", async () => {
    const call = await liveCall();
    await lose(call);
    const silent = call.platform.socket;
    await vi.advanceTimersByTimeAsync(5000);

    expect(silent.closedWith).toEqual([undefined]);
    expect(call.events.at(-1)).toEqual(["reconnecting", { attempt: 2, delayMs: 250 }]);
  });

  /** The network is back: there is nothing to wait for. */
  test("is tried at once when the browser is online again", async () => {
    const call = await liveCall();
    await lose(call);
    call.platform.socket.drop(1006);
    call.platform.events.dispatchEvent(new Event("online"));
    call.platform.events.dispatchEvent(new Event("online"));

    expect(call.platform.sockets.length).toBe(3);
  });

  /** A socket may be dead without anybody saying so. */
  test("is one that says nothing for 5 s after it was asked", async () => {
    const call = await liveCall();
    const dead = call.platform.socket;
    await vi.advanceTimersByTimeAsync(7000);

    expect(dead.types).toEqual(["ping", "ping", "ping"]);
    expect(dead.closedWith).toEqual([undefined]);
    expect(names(call)).toEqual(["reconnecting"]);
  });

  /** Its goodbye would be the end of the call, and its late words belong to nobody. */
  test("is heard no more", async () => {
    const call = await liveCall();
    const dead = call.platform.socket;
    await vi.advanceTimersByTimeAsync(7100);
    comeBack(call, 0);
    dead.receive({ type: "transcript", role: "user", text: "late", seq: 1 });
    dead.drop(1006);

    expect(dead.types).not.toContain("session.close");
    expect(names(call)).toEqual(["reconnecting", "reconnected"]);
  });

  /** A server that answers keeps its call. */
  test("is not one that answers", async () => {
    const call = await liveCall();
    for (let second = 0; second < 30; second += 1) {
      await vi.advanceTimersByTimeAsync(1000);
      call.platform.socket.receive({ type: "pong", id: second });
    }

    expect(names(call)).toEqual([]);
  });

  /** A call that is lost again and again must not try without a pause. */
  test("right after the last one is waited for", async () => {
    const call = await liveCall();
    await lose(call);
    comeBack(call, 0);
    call.platform.socket.drop(1006);

    expect(call.events.at(-1)).toEqual(["reconnecting", { attempt: 2, delayMs: 250 }]);
  });
});

describe("what is said meanwhile", () => {
  /** The visitor's words are the point of it all. */
  test("reaches the server: each frame once, in order", async () => {
    const call = await liveCall();
    await speakFor(call, 5);
    call.platform.socket.receive({ type: "input_ack", seq: 2 });
    await lose(call);
    await speakFor(call, 5, 6);
    comeBack(call, 4);
    await vi.advanceTimersByTimeAsync(1000);

    expect(microphoneFrames(call.platform.socket)).toEqual(
      [5, 6, 7, 8, 9, 10].map((value) => [value, value]),
    );
  });

  /** Words in writing and results of tools wait like those that are spoken. */
  test("in writing and by tools waits, too", async () => {
    const call = await liveCall();
    await lose(call);
    call.agent.sendText("Still here");
    call.agent.sendToolResult("c1", "42");
    expect(call.platform.socket.sent).toEqual([]);

    comeBack(call, 0);

    expect(call.platform.socket.sent).toEqual([
      { type: "input_text.send", text: "Still here", seq: 1 },
      { type: "function_call.result", call_id: "c1", output: "42", seq: 2 },
    ]);
  });

  /** The server may not be flooded: no more than tenfold real time. */
  test("is sent at no more than tenfold speed", async () => {
    const call = await liveCall();
    await lose(call);
    await speakFor(call, 500);
    comeBack(call, 0);
    const sent: number[] = [];
    for (let step = 0; step < 5; step += 1) {
      await vi.advanceTimersByTimeAsync(200);
      sent.push(call.platform.socket.bytes.length);
    }

    expect(sent).toEqual([50, 100, 150, 200, 250]);
  });

  /** Hidden pages have slow timers; the frames of the microphone keep coming. */
  test("is sent with the frames of the microphone as clock", async () => {
    const call = await liveCall();
    await lose(call);
    await speakFor(call, 100);
    comeBack(call, 0);
    const timers = vi.spyOn(globalThis, "setTimeout").mockReturnValue(0 as never);
    const now = performance.now();
    const clock = vi.spyOn(performance, "now");
    for (let frame = 1; frame <= 5; frame += 1) {
      clock.mockReturnValue(now + 40 * frame);
      call.platform.sound.speak();
    }
    timers.mockRestore();
    clock.mockRestore();

    expect(call.platform.socket.bytes.length).toBe(50);
  });

  /** A minute is kept; the call ends after that anyway. */
  test("is kept for 60 s, and text for as long as the call", async () => {
    const call = await liveCall({}, { ...EXTENDED, ext: { ...EXTENSION, resume_window_s: 300 } });
    await lose(call);
    call.agent.sendText("First");
    for (let frame = 0; frame < 1600; frame += 1) {
      call.platform.sound.speak();
    }
    comeBack(call, 0);
    await vi.advanceTimersByTimeAsync(6500);

    expect(call.platform.socket.sent[0]).toMatchObject({ type: "input_text.send", seq: 1 });
    const numbers = microphoneFrames(call.platform.socket).map(([seq]) => seq);
    expect([numbers.length, numbers.at(-1)]).toEqual([1500, 1601]);
  });

  /** What finds no room was not said, and the page must know. */
  test("beyond all bounds is refused with an event", async () => {
    const call = await liveCall();
    await lose(call);
    call.agent.sendText("x".repeat(5_000_000));

    expect(call.events.at(-1)).toMatchObject(["error", { code: "backlog_full" }]);
  });
});

describe("the agent's side", () => {
  /** What was heard comes before what was said: the server goes on from there. */
  test("learns first where playback stands", async () => {
    const call = await liveCall();
    await lose(call);
    call.agent.sendText("Hello?");
    call.platform.sound.at(1, 4800, "idle");
    comeBack(call, 0);

    expect(call.platform.socket.sent.map(({ type }) => type)).toEqual(["playback", "input_text.send"]);
    expect(call.platform.socket.sent[0]).toMatchObject({ turn: 1, played: 4800, state: "idle" });
    expect(call.platform.sound.asked).toEqual(["report"]);
  });

  /** Nobody is there to be told. */
  test("is not told of playback while it is away", async () => {
    const call = await liveCall();
    await lose(call);
    call.platform.socket.open();
    call.platform.sound.at(1, 4800);

    expect(call.platform.socket.sent).toEqual([]);
  });

  /** The server does not know what arrived, and sends it again. */
  test("is heard once, whatever comes twice", async () => {
    const call = await liveCall();
    call.platform.socket.receiveBytes(agentFrame(1, 1, 0, [1, 2]));
    call.platform.socket.receive({ type: "transcript", role: "user", text: "Hi", seq: 2 });
    await lose(call);
    comeBack(call, 0);
    call.platform.socket.receiveBytes(agentFrame(1, 1, 0, [1, 2]));
    call.platform.socket.receive({ type: "transcript", role: "user", text: "Hi", seq: 2 });
    call.platform.socket.receiveBytes(agentFrame(3, 1, 2, [3]));

    expect(call.platform.sound.played.map(({ start }) => start)).toEqual([0, 2]);
    expect(names(call).filter((name) => name === "transcript").length).toBe(1);
  });

  /** The loudspeaker plays out what it has. */
  test("is neither flushed nor closed by the loss", async () => {
    const call = await liveCall();
    await lose(call);

    expect(call.platform.sound.asked).toEqual([]);
    expect(call.platform.sound.isClosed).toBe(false);
  });
});

describe("the end", () => {
  /** The server has given the call up meanwhile. */
  test("comes with the server's word, once, whatever its number", async () => {
    const call = await liveCall();
    call.platform.socket.receive({ type: "agent_start_talking", seq: 5, turn: 1 });
    await lose(call);
    call.platform.socket.open();
    call.platform.socket.receive({ type: "session.closed", reason: "timeout", seq: 5 });
    call.platform.socket.drop(1000);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(call.events.slice(2)).toEqual([["session_ended", { reason: "timeout" }]]);
    expect(call.agent.state).toBe("over");
  });

  /** A server that was restarted knows nothing of the call. */
  test("comes when the call cannot be taken up", async () => {
    const call = await liveCall();
    await lose(call);
    call.platform.socket.open();
    call.platform.socket.receive({ type: "error", code: "resume_failed", message: "no such call" });
    call.platform.socket.drop(4410);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(call.events.slice(1)).toEqual([
      ["error", { code: "resume_failed", message: "no such call" }],
      ["session_ended", { reason: "resume_failed" }],
    ]);
    expect(call.platform.sockets.length).toBe(2);
    expect(call.platform.sound.isClosed).toBe(true);
  });

  /** Another call is not this one. */
  test("comes when the server opens a new call instead", async () => {
    const call = await liveCall();
    await lose(call);
    call.platform.socket.open();
    call.platform.socket.receive(EXTENDED);

    expect(call.events.at(-1)).toEqual(["session_ended", { reason: "resume_failed" }]);
  });

  /** The server waits no longer, and neither does the page. */
  test("comes when the window is over, with the code of the loss", async () => {
    const call = await liveCall();
    call.platform.socket.drop(1006);
    for (let second = 0; second < 59; second += 1) {
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(names(call)).not.toContain("session_ended");
    await vi.advanceTimersByTimeAsync(2000);

    expect(call.events.at(-1)).toEqual(["session_ended", { reason: "1006" }]);
    expect(names(call).filter((name) => name === "session_ended").length).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  /** There is nobody to say goodbye to. */
  test("comes at once when the visitor hangs up meanwhile", async () => {
    const call = await liveCall();
    await lose(call);
    call.agent.disconnect();

    expect(call.events.at(-1)).toEqual(["session_ended", { reason: "client_requested" }]);
    expect(call.platform.sound.isClosed).toBe(true);
    call.platform.socket.drop(1000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(names(call).filter((name) => name === "session_ended").length).toBe(1);
    expect(call.platform.sockets.length).toBe(2);
  });

  /** The socket of a try may take its time to close. */
  test("is told once by the line itself", async () => {
    const platform = new FakePlatform();
    const ends: string[] = [];
    const channel = new Channel(platform, "wss://voice.example", "wss://voice.example/first", {
      message: () => undefined,
      reconnecting: () => undefined,
      reconnected: () => undefined,
      closed: (reason) => ends.push(reason),
    });
    platform.socket.receive(EXTENDED);
    platform.socket.drop(1006);
    await vi.advanceTimersByTimeAsync(1);
    channel.close();
    platform.socket.drop(1000);

    expect(ends).toEqual(["client_requested"]);
  });

  /** The page may hang up in the very handler. */
  test("may be asked for by the handler of the loss", async () => {
    const call = await liveCall();
    call.agent.on("reconnecting", () => call.agent.disconnect());
    await lose(call);

    expect(names(call)).toEqual(["reconnecting", "session_ended"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  /** A page that is closed leaves no socket behind. */
  test("leaves nothing behind when the page goes away meanwhile", async () => {
    const call = await liveCall();
    await lose(call);
    call.platform.events.dispatchEvent(new Event("pagehide"));

    expect(call.platform.socket.closedWith).toEqual([1000]);
    expect(call.agent.state).toBe("over");
  });
});

describe("on the plain wire", () => {
  /** A server without the extension cannot take a call up. */
  test("a lost socket is the end", async () => {
    const call = await liveCall({}, { ...EXTENDED, ext: undefined });
    await lose(call);

    expect(call.events).toEqual([["session_ended", { reason: "1006" }]]);
    expect(call.platform.sockets.length).toBe(1);
  });

  /** It would not understand any of it. */
  test("nothing of the extension is said", async () => {
    const call = await liveCall({}, { ...EXTENDED, ext: undefined });
    call.platform.sound.at(1, 4800);
    call.platform.sound.speak();
    call.agent.sendText("Hi");
    await vi.advanceTimersByTimeAsync(20_000);

    expect(call.platform.socket.sent.map(({ type, seq }) => [type, seq])).toEqual([
      ["input_audio_buffer.append", undefined],
      ["input_text.send", undefined],
    ]);
    expect(call.platform.socket.bytes).toEqual([]);
  });

  /** A slow network loses sound rather than growing the delay; words in writing are kept. */
  test("microphone frames are left out when the network is full", async () => {
    const call = await liveCall({}, { ...EXTENDED, ext: undefined });
    call.platform.socket.bufferedAmount = 300_000;
    call.platform.sound.speak();
    call.agent.sendText("kept");
    call.platform.socket.bufferedAmount = 0;
    call.platform.sound.speak();

    expect(call.platform.socket.types).toEqual(["input_text.send", "input_audio_buffer.append"]);
  });
});
