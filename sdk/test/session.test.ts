import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CREATED, FakeBrowser, FakeStream, settle } from "./fake-browser.js";
import { accept, describeError, liveScene, rejection, scene } from "./scene.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a call that cannot be opened", () => {
  /** Missing options are told by `connect()`, never by the constructor, and open nothing. */
  test.each([
    [{ apiKey: "" }, "apiKey"],
    [{ agentId: "" }, "agentId"],
    [{ baseUrl: "nonsense" }, "baseUrl"],
    [{ sampleRate: 32000 }, "sampleRate"],
  ])("because of %j rejects and names %s", async (config, option) => {
    const { browser, agent } = scene(config);
    const error = await rejection(agent.connect());

    expect(error.message).toBe("WebSocket connection failed");
    expect((error.cause as Error).name).toBe("TypeError");
    expect((error.cause as Error).message).toContain(option);
    expect(browser.sockets.length + browser.contexts.length).toBe(0);
  });

  /** A refused upgrade is all that a browser sees; no event fires, and the microphone is released. */
  test("because the server refuses rejects and releases the microphone", async () => {
    const made = scene();
    const connecting = rejection(made.agent.connect());
    await settle();
    made.browser.socket.drop(1006);
    const error = await connecting;

    expect(error.message).toBe("WebSocket connection failed");
    expect((error.cause as Error).name).toBe("ConnectionClosed");
    expect(made.events).toEqual([]);
    expect(made.browser.streams[0]?.track.stopped).toBe(true);
  });

  /** A server that explains itself before it closes is quoted; the error event stays silent. */
  test("because of an error message quotes it", async () => {
    const made = scene();
    const connecting = rejection(made.agent.connect());
    made.browser.socket.open();
    made.browser.socket.receive({ type: "error", code: "503", message: "no worker" });
    made.browser.socket.drop(4000);
    const error = await connecting;

    expect(describeError(error.cause)).toMatchObject({ name: "SessionRefused", message: "503: no worker" });
    expect(made.events).toEqual([]);
  });

  /** A server that says nothing is not waited for without end. */
  test("because the server is silent rejects after 15 s", async () => {
    const made = scene();
    const connecting = rejection(made.agent.connect());
    made.browser.socket.open();
    await vi.advanceTimersByTimeAsync(15_000);

    expect(describeError((await connecting).cause).name).toBe("TimeoutError");
    expect(made.browser.socket.types).toEqual(["session.close"]);
  });

  /** Each way in which a microphone is refused has its own name. */
  test.each(["NotAllowedError", "NotFoundError", "NotReadableError", "SecurityError"])(
    "because of a %s of the microphone rejects with that cause",
    async (name) => {
      const made = scene();
      const refusal = Object.assign(new Error("refused"), { name });
      made.browser.answerPrompt = () => Promise.reject(refusal);
      const connecting = rejection(made.agent.connect());
      await accept(made);
      const error = await connecting;

      expect(error.message).toBe("Microphone access required");
      expect(error.cause).toBe(refusal);
      expect(made.agent.isConnected).toBe(false);
      expect(made.browser.socket.types).toEqual(["session.close"]);
    },
  );

  /** A session that was announced is also ended, once. */
  test("after session_started ends that session", async () => {
    const made = scene();
    let refuse: (error: Error) => void = () => undefined;
    made.browser.answerPrompt = () => new Promise((_, reject) => (refuse = reject));
    const connecting = rejection(made.agent.connect());
    await accept(made);
    refuse(new Error("denied"));
    await connecting;
    made.browser.socket.receive({ type: "session.closed", reason: "client_requested" });
    made.browser.socket.drop(1000);

    expect(made.events.map(([name]) => name)).toEqual(["session_started", "session_ended"]);
  });

  /** The visitor grants the microphone after the call has failed: it must not stay on. */
  test("stops a microphone that is granted too late", async () => {
    const made = scene();
    const stream = new FakeStream();
    let grant: (stream: FakeStream) => void = () => undefined;
    made.browser.answerPrompt = () => new Promise((resolve) => (grant = resolve));
    const connecting = rejection(made.agent.connect());
    made.browser.socket.drop(1006);
    await connecting;
    grant(stream);
    await settle();

    expect(stream.track.stopped).toBe(true);
  });

  /** Files that are missing are named. */
  test("because of a missing worklet says which", async () => {
    const browser = new FakeBrowser();
    browser.prepareContext = (context) => {
      context.missing = [browser.siblingWorklets().capture];
    };
    const made = scene({}, browser);
    const error = await rejection(made.agent.connect());

    expect(error.message).toBe("WebSocket connection failed");
    expect(describeError(error.cause)).toMatchObject({ name: "WorkletError" });
  });

  /** Without a secure context there is neither microphone nor worklet; the microphone is what to speak of. */
  test("because the page is insecure says so", async () => {
    const browser = new FakeBrowser();
    browser.prepareContext = (context) => {
      context.audioWorklet = undefined;
    };
    const error = await rejection(scene({}, browser).agent.connect());

    expect(error.message).toBe("Microphone access required");
    expect(describeError(error.cause).name).toBe("SecurityError");
  });
});

describe("disconnect()", () => {
  /** Devices are released at once, and the server is told at once. */
  test("says goodbye and releases everything", async () => {
    const made = await liveScene();
    made.agent.disconnect();

    expect(made.browser.socket.types).toEqual(["session.close"]);
    expect(made.agent.isConnected).toBe(false);
    expect(made.browser.streams[0]?.track.stopped).toBe(true);
    expect(made.browser.loudspeaker.told.at(-1)?.["type"]).toBe("flush");

    await vi.advanceTimersByTimeAsync(100);

    expect(made.browser.context.closed).toBe(true);
  });

  /** The reason is the server's word. */
  test("ends the session with the server's reason", async () => {
    const made = await liveScene();
    made.agent.disconnect();
    made.browser.socket.receive({ type: "session.closed", reason: "client_requested" });
    made.browser.socket.drop(1000);

    expect(made.events.slice(1)).toEqual([["session_ended", { reason: "client_requested" }]]);
  });

  /** Without an answer the close code is the reason. */
  test("ends the session with the close code when the server does not answer", async () => {
    const made = await liveScene();
    made.agent.disconnect();
    await vi.advanceTimersByTimeAsync(1000);
    made.browser.socket.drop(1005);

    expect(made.events.slice(1)).toEqual([["session_ended", { reason: "1005" }]]);
  });

  /** The error path of a page may call it at any time, again and again. */
  test("is harmless before connect(), after it failed, and twice", async () => {
    const made = scene();
    made.agent.disconnect();
    const connecting = rejection(made.agent.connect());
    made.browser.socket.drop(1006);
    await connecting;
    made.agent.disconnect();
    made.agent.disconnect();

    expect(made.events).toEqual([]);
    expect(made.browser.reported).toEqual([]);
  });

  /** A visitor may change their mind while the call is being opened. */
  test("while connecting makes connect() reject", async () => {
    const made = scene();
    const connecting = rejection(made.agent.connect());
    await settle();
    made.agent.disconnect();
    const error = await connecting;

    expect(describeError(error.cause).name).toBe("AbortError");
    expect(made.browser.socket.closedWith).toEqual([1000]);
    expect(made.browser.streams[0]?.track.stopped).toBe(true);
  });

  /** A session that the server creates all the same is none for the page. */
  test("while connecting keeps the events of the late session from the page", async () => {
    const made = scene();
    const connecting = rejection(made.agent.connect());
    made.browser.socket.open();
    made.agent.disconnect();
    await connecting;
    made.browser.socket.receive(CREATED);
    made.browser.socket.receive({ type: "agent_start_talking" });
    made.browser.socket.receive({ type: "transcript", role: "assistant", text: "Hello" });
    made.browser.socket.receive({ type: "session.closed", reason: "client_requested" });

    expect(made.events).toEqual([]);
    expect(made.browser.socket.closedWith).toEqual([1000]);
  });

  /** The old call's end is told although the next has begun. */
  test("followed by connect() keeps both sessions apart", async () => {
    const made = await liveScene();
    const old = made.browser.socket;
    made.agent.disconnect();
    const again = made.agent.connect();
    await accept(made);
    await again;
    old.receive({ type: "session.closed", reason: "client_requested" });

    expect(made.events.map(([name]) => name)).toEqual([
      "session_started",
      "session_started",
      "session_ended",
    ]);
    expect(made.agent.isConnected).toBe(true);
  });

  /** A page that is left ends its call without being asked to. */
  test("happens by itself when the page goes away", async () => {
    const made = await liveScene();
    made.browser.events.dispatchEvent(new Event("pagehide"));

    expect(made.browser.socket.types).toEqual(["session.close"]);
    expect(made.browser.socket.closedWith).toEqual([1000]);
    expect(made.browser.streams[0]?.track.stopped).toBe(true);
  });
});
