import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AtomsAgent } from "../../src/agent.js";
import { platformOf } from "../../src/platform.js";
import { Conversation, type ConversationListener } from "../../src/widget/conversation.js";
import { EmbedRefused, type WidgetErrorCode } from "../../src/widget/errors.js";
import { stateOf } from "../../src/widget/states.js";
import { CREATED, FakeBrowser, settle } from "../fake-browser.js";
import { EXTENDED, resumed } from "../fake-platform.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const PARTY = { server: "https://voice.example", assistantId: "a1" };

interface Play {
  readonly browser: FakeBrowser;
  readonly conversation: Conversation;
  readonly events: string[];
  readonly failures: [WidgetErrorCode, isFatal: boolean][];
}

/** A conversation whose browser, server and tokens the test plays. */
function play(token: ConversationListener["token"] = () => Promise.resolve("wct_1")): Play {
  const browser = new FakeBrowser();
  const events: string[] = [];
  const failures: [WidgetErrorCode, boolean][] = [];
  const listener: ConversationListener = {
    changed: () => undefined,
    event: (name) => void events.push(name),
    failed: (code, _reason, isFatal) => void failures.push([code, isFatal]),
    token,
    microphoneAllowed: () => true,
  };
  const conversation = new Conversation(listener, (config) => new AtomsAgent(config, platformOf(browser)));
  return { browser, conversation, events, failures };
}

async function accept({ browser }: Play): Promise<void> {
  await settle();
  browser.socket.open();
  browser.socket.receive(CREATED);
  await settle();
}

const sentTexts = ({ browser }: Play): unknown[] =>
  browser.socket.sent.filter(({ type }) => type === "input_text.send").map(({ text }) => text);

describe("a conversation", () => {
  /** The first message opens it; a greeting is not cut off by it. */
  test("sends what was written before it was open after the greeting", async () => {
    const made = play();
    made.conversation.start(PARTY, "chat");
    made.conversation.say("What does it cost?");
    await accept(made);
    expect(sentTexts(made)).toEqual([]);

    made.browser.socket.receive({ type: "agent_start_talking" });
    made.browser.socket.receive({ type: "transcript", role: "assistant", text: "Hello!" });
    made.browser.socket.receive({ type: "agent_stop_talking" });

    expect(sentTexts(made)).toEqual(["What does it cost?"]);
    expect(made.conversation.lines.map(({ text }) => text)).toEqual(["Hello!", "What does it cost?"]);
  });

  /** An agent that does not greet is not waited for. */
  test("sends it soon where there is no greeting", async () => {
    const made = play();
    made.conversation.start(PARTY, "chat");
    made.conversation.say("Hello?");
    await accept(made);
    await vi.advanceTimersByTimeAsync(800);

    expect(sentTexts(made)).toEqual(["Hello?"]);
  });

  /** The page hears of the end at once and once, whatever the server does. */
  test("tells its end once", async () => {
    const made = play();
    made.conversation.start(PARTY, "webcall");
    await accept(made);
    made.conversation.end();
    made.browser.socket.receive({ type: "session.closed", reason: "client_requested" });

    expect(made.events).toEqual(["session_started", "session_ended"]);
    expect(made.conversation.status.phase).toBe("ended");
    expect(made.browser.streams[0]?.track.stopped).toBe(true);
  });

  /** A refusal of the server has its code; the microphone is let go. */
  test("that is refused fails with the code", async () => {
    const made = play(() => Promise.reject(new EmbedRefused("agent_busy", "busy")));
    made.conversation.start(PARTY, "webcall");
    await settle();

    expect(made.failures).toEqual([["agent_busy", true]]);
    expect(made.conversation.status).toMatchObject({ phase: "error", error: "agent_busy" });
    expect(made.browser.streams[0]?.track.stopped).toBe(true);
  });

  /** A server that hangs up during the microphone's prompt has ended the call, and nothing failed. */
  test("that the agent ends while it is being opened has ended", async () => {
    const made = play();
    made.browser.answerPrompt = () => new Promise(() => undefined);
    made.conversation.start(PARTY, "webcall");
    await accept(made);
    made.browser.socket.receive({ type: "session.closed", reason: "ended" });
    await settle();

    expect(made.failures).toEqual([]);
    expect(made.conversation.status.phase).toBe("ended");
  });

  /** A connection that breaks is not an end that somebody wanted. */
  test("that breaks off says so", async () => {
    const made = play();
    made.conversation.start(PARTY, "webcall");
    await accept(made);
    made.browser.socket.drop(1006);

    expect(made.failures).toEqual([["network", true]]);
  });

  /** The visitor sees that it is the network, and the page is told; what is written meanwhile is not lost. */
  test("waits for a network that is lost", async () => {
    const made = play();
    made.conversation.start(PARTY, "webcall");
    await settle();
    made.browser.socket.open();
    made.browser.socket.receive(EXTENDED);
    await settle();
    made.browser.socket.drop(1006);
    expect(stateOf(made.conversation.status, false)).toBe("reconnecting");
    made.conversation.say("Are you there?");
    await vi.advanceTimersByTimeAsync(0);
    made.browser.socket.open();
    made.browser.socket.receive(resumed(0));

    expect(stateOf(made.conversation.status, false)).toBe("thinking");
    expect(made.events).toEqual(["session_started", "reconnecting", "reconnected"]);
    expect(sentTexts(made)).toEqual(["Are you there?"]);
    expect(made.failures).toEqual([]);
  });

  /** Talking takes the place of writing; what was said stays. */
  test("goes from writing to talking", async () => {
    const made = play();
    made.conversation.start(PARTY, "chat");
    await accept(made);
    made.browser.socket.receive({ type: "transcript", role: "assistant", text: "Hello!" });
    const chat = made.browser.socket;
    made.conversation.start(PARTY, "webcall");
    await accept(made);

    expect(chat.types).toContain("session.close");
    expect(made.conversation.status).toMatchObject({ phase: "live", kind: "webcall" });
    expect(made.conversation.lines.map(({ text }) => text)).toEqual(["Hello!"]);
    expect(made.events.filter((name) => name === "session_ended").length).toBe(1);
  });

  /** The tools of a page are offered in every conversation. */
  test("offers the page's tools again", async () => {
    const made = play();
    made.conversation.registerTool("map", { description: "Shows a map." }, () => "shown");
    for (const kind of ["chat", "webcall"] as const) {
      made.conversation.start(PARTY, kind);
      await accept(made);
      const declared = made.browser.socket.sent.find(({ type }) => type === "session.update");

      expect(declared?.["tools"]).toMatchObject([{ name: "map" }]);
    }
  });
});
