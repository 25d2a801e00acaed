import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { liveScene } from "./scene.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("events", () => {
  /** Each message of the wire has its event, with the documented content. */
  test("follow the messages of the wire", async () => {
    const made = await liveScene();
    const { socket } = made.browser;
    socket.receive({ type: "agent_start_talking", timestamp: "2026-07-02T10:30:45.123456" });
    socket.receive({ type: "transcript.delta", role: "assistant", text: "Hel" });
    socket.receive({ type: "transcript", role: "assistant", text: "Hello" });
    socket.receive({ type: "agent_stop_talking" });
    socket.receive({ type: "transcript", role: "user", text: "Hi" });
    socket.receive({ type: "function_call", call_id: "c1", name: "f", arguments: '{"a":1}' });
    socket.receive({ type: "error", code: "tool_timeout", message: "no result" });
    socket.receive({ type: "interruption" });

    expect(made.events.slice(1)).toEqual([
      ["agent_start_talking"],
      ["transcript_delta", { role: "assistant", text: "Hel" }],
      ["transcript", { role: "assistant", text: "Hello" }],
      ["agent_stop_talking"],
      ["transcript", { role: "user", text: "Hi" }],
      ["function_call", { call_id: "c1", name: "f", arguments: { a: 1 } }],
      ["error", { code: "tool_timeout", message: "no result" }],
      ["interruption"],
    ]);
  });

  /** The server's goodbye and the closing of the socket are one end, not two. */
  test("tell of the end once", async () => {
    const made = await liveScene();
    made.browser.socket.receive({ type: "error", code: "internal_error", message: "oops" });
    made.browser.socket.receive({ type: "session.closed", reason: "server_error" });
    made.browser.socket.drop(1000);

    expect(made.events.slice(1)).toEqual([
      ["error", { code: "internal_error", message: "oops" }],
      ["session_ended", { reason: "server_error" }],
    ]);
  });

  /** After the end there is nothing to tell, whatever a server still sends. */
  test("end with the session", async () => {
    const made = await liveScene();
    made.browser.socket.receive({ type: "session.closed", reason: "ended" });
    made.browser.socket.receive({ type: "agent_stop_talking" });
    made.browser.socket.receive({ type: "error", code: "internal_error", message: "oops" });

    expect(made.events.slice(1)).toEqual([["session_ended", { reason: "ended" }]]);
  });

  /** A lost network ends the session with the code that the browser gives. */
  test("tell the close code of a lost connection", async () => {
    const made = await liveScene();
    made.browser.socket.drop(1006);

    expect(made.events.slice(1)).toEqual([["session_ended", { reason: "1006" }]]);
    expect(made.agent.isConnected).toBe(false);
  });

  /** When a page hears of the end, everything is over: it may connect again right there. */
  test("find the call over when they tell of its end", async () => {
    const made = await liveScene();
    const seen: boolean[] = [];
    made.agent.on("session_ended", () => seen.push(made.agent.isConnected));
    made.browser.socket.drop(1006);

    expect(seen).toEqual([false]);
    expect(made.browser.streams[0]?.track.stopped).toBe(true);
  });

  /** A mistake in a handler is the page's own; the call goes on. */
  test("survive a handler that throws", async () => {
    const made = await liveScene();
    made.agent.on("transcript", () => {
      throw new Error("mistake of the page");
    });
    made.browser.socket.receive({ type: "transcript", role: "user", text: "Hi" });
    made.browser.socket.receive({ type: "agent_start_talking" });

    expect(made.browser.reported.length).toBe(1);
    expect(made.events.at(-1)?.[0]).toBe("agent_start_talking");
    expect(made.agent.isConnected).toBe(true);
  });

  /** Subscriptions can be chained, and taken back. */
  test("can be subscribed to in a chain, once, and no more", async () => {
    const made = await liveScene();
    const heard: string[] = [];
    const removed = (): void => void heard.push("removed");
    made.agent
      .on("interruption", removed)
      .once("interruption", () => heard.push("once"))
      .off("interruption", removed);
    made.browser.socket.receive({ type: "interruption" });
    made.browser.socket.receive({ type: "interruption" });

    expect(heard).toEqual(["once"]);
  });
});
