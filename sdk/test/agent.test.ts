import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CREATED, FakeBrowser, FakeStream, settle } from "./fake-browser.js";
import { accept, audioOf, liveScene, scene } from "./scene.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("connect()", () => {
  /** Creating an agent asks for nothing: no socket, no prompt, no sound. */
  test("is what opens everything, not the constructor", () => {
    const { browser, agent } = scene();

    expect([browser.sockets.length, browser.contexts.length, browser.asked.length]).toEqual([0, 0, 0]);
    expect([agent.isConnected, agent.isMuted]).toEqual([false, false]);
  });

  /** Browsers let sound begin only inside the gesture, so all is opened before `connect()` returns. */
  test("opens socket, sound and microphone side by side, inside the gesture", () => {
    const { browser, agent } = scene();
    void agent.connect();

    expect(browser.socket.url).toBe(
      "wss://voice.example/atoms/v1/agent/connect?token=sk_1&agent_id=a1&mode=webcall&sample_rate=24000&ext=1&frames=binary",
    );
    expect(browser.context.resumes).toBeGreaterThan(0);
    expect(browser.asked).toEqual([
      { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    ]);
    expect(browser.context.modules).toEqual([
      "https://voice.example/sdk/worklets/playback.js",
      "https://voice.example/sdk/worklets/capture.js",
    ]);
  });

  /** It resolves when the visitor can speak; the page hears of the session before. */
  test("resolves once the session is created and the microphone runs", async () => {
    const made = scene();
    let grant: (stream: FakeStream) => void = () => undefined;
    made.browser.answerPrompt = () => new Promise((resolve) => (grant = resolve));
    const connecting = made.agent.connect();
    await accept(made);

    expect(made.events).toEqual([
      ["session_started", { session_id: CREATED.session_id, call_id: CREATED.call_id }],
    ]);
    expect(made.agent.isConnected).toBe(false);

    grant(new FakeStream());
    await connecting;

    expect(made.agent.isConnected).toBe(true);
    expect(made.agent.callId).toBe(CREATED.call_id);
  });

  /** A second click does not open a second call. */
  test("called twice opens one call", async () => {
    const made = scene();
    const first = made.agent.connect();
    const second = made.agent.connect();
    await accept(made);
    await Promise.all([first, second, made.agent.connect()]);

    expect(made.browser.sockets.length).toBe(1);
  });

  /** The same object serves the next call too. */
  test("opens a new call after the end of the last", async () => {
    const made = await liveScene();
    made.browser.socket.receive({ type: "session.closed", reason: "ended" });
    const again = made.agent.connect();
    await accept(made, { ...CREATED, call_id: "CALL-2" });
    await again;

    expect(made.browser.sockets.length).toBe(2);
    expect(made.agent.callId).toBe("CALL-2");
    expect(made.events.map(([name]) => name)).toEqual([
      "session_started",
      "session_ended",
      "session_started",
    ]);
  });

  /** The greeting does not wait for the visitor to answer the prompt. */
  test("plays the agent while the microphone's prompt is open", async () => {
    const made = scene();
    made.browser.answerPrompt = () => new Promise(() => undefined);
    void made.agent.connect();
    await accept(made);
    made.browser.socket.receive({ type: "output_audio.delta", audio: audioOf() });

    expect(made.browser.loudspeaker.told.filter(({ type }) => type === "play").length).toBe(1);
  });

  /** Audio that outruns the loading of the worklet is kept. */
  test("keeps audio that comes before the loudspeaker is ready", async () => {
    const browser = new FakeBrowser();
    let loaded: () => void = () => undefined;
    browser.prepareContext = (context) => {
      context.audioWorklet = { addModule: () => new Promise((resolve) => (loaded = resolve)) };
    };
    const made = scene({ autoCaptureMic: false }, browser);
    void made.agent.connect();
    await accept(made);
    browser.socket.receive({ type: "output_audio.delta", audio: audioOf(10) });
    browser.socket.receive({ type: "output_audio.delta", audio: audioOf(20) });
    loaded();
    await settle();

    const played = browser.loudspeaker.told.filter(({ type }) => type === "play");

    expect(played.map(({ samples }) => (samples as Int16Array).length)).toEqual([10, 20]);
  });
});

describe("text and tools", () => {
  /** Text is sent as it is. */
  test("sendText() sends its text", async () => {
    const made = await liveScene();
    made.agent.sendText("What does it cost?");
    made.agent.sendText("");

    expect(made.browser.socket.sent).toEqual([{ type: "input_text.send", text: "What does it cost?" }]);
  });

  /** Words that nobody would get are an error of the page, and said so. */
  test("sendText() without a session throws", async () => {
    const { agent } = scene();

    expect(() => agent.sendText("Hello?")).toThrow("call connect() first");
  });

  const TOOL = {
    type: "function" as const,
    name: "time",
    description: "The time",
    parameters: { type: "object" },
  };

  /** Tools set beforehand are offered as soon as there is a session, in every call. */
  test("setTools() before connect() offers the tools at the start", async () => {
    const made = scene();
    made.agent.setTools([TOOL]);
    const connecting = made.agent.connect();
    await accept(made);
    await connecting;

    expect(made.browser.socket.sent).toEqual([{ type: "session.update", tools: [TOOL] }]);
  });

  /** Each call replaces the set. */
  test("setTools() in a call replaces the tools", async () => {
    const made = await liveScene();
    made.agent.setTools([TOOL]);
    made.agent.setTools([]);

    expect(made.browser.socket.sent).toEqual([
      { type: "session.update", tools: [TOOL] },
      { type: "session.update", tools: [] },
    ]);
  });

  /** The wire knows text only: a result of another kind travels as JSON. */
  test.each([
    ["42", "42"],
    [{ time: "12:00" }, '{"time":"12:00"}'],
    [undefined, ""],
  ])("sendToolResult() sends %j as %j", async (output, text) => {
    const made = await liveScene();
    made.agent.sendToolResult("c1", output);

    expect(made.browser.socket.sent).toEqual([{ type: "function_call.result", call_id: "c1", output: text }]);
  });
});
