/** Every piece of code of the public guide runs as printed; the script's host and the placeholders aside. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pause, smokeNames, until } from "./scene.js";
import { filled, hasGuide, modulePage, PageHost, printed } from "./seed.js";
import { tone } from "./sound.js";
import { stubScene } from "./stub-scene.js";
import { polite, type Call } from "./stub-server.js";

const IMPORT = 'import { AtomsAgent } from "@smallest-ai/agent-sdk";\n';
const AGENT = 'const agent = new AtomsAgent({ apiKey: "sk_...", agentId: "..." });\n';

/** A greeting, as the smoke test expects it. */
function greeting(call: Call): void {
  polite(call);
  call.send("agent_start_talking");
  call.speak(tone(440, 0.2, 24000));
  call.send("agent_stop_talking");
}

describe.runIf(hasGuide)("the guide's code", () => {
  const scene = stubScene({ onCall: greeting });
  const printedLines: string[] = [];
  let host: PageHost;

  beforeEach(async () => {
    host = await PageHost.start();
    printedLines.length = 0;
    scene.page.on("console", (message) => printedLines.push(message.text()));
  });
  afterEach(() => host.stop());

  const fill = (code: string, key = "sk_1"): string =>
    filled(code, { serverUrl: scene.server.url, key, agentId: "a1" });

  /** Opens a page of this code. */
  async function run(code: string, key?: string): Promise<void> {
    host.page = modulePage(fill(code, key), scene.server.url);
    await scene.page.goto(host.url);
  }

  const line = (words: string): Promise<void> =>
    until(`the line "${words}"`, () => printedLines.some((text) => text.includes(words)));

  test("of the quickstart opens a call and prints its events", async () => {
    await run(printed("Quickstart", "typescript"));
    await line("Session started: 7d0c2a52-6f0e-4a53-8f6c-0d4a0c7b8a11 CALL-1776756378884-6a553c");
    await line("Agent speaking");
    await line("Agent stopped");
    await until("microphone frames", () => scene.server.call.frames.length > 0);
    scene.server.call.send("error", { code: "tool_timeout", message: "no result" });
    await line("[tool_timeout] no result");

    expect(scene.server.call.query.get("token")).toBe("sk_1");
    expect(scene.server.call.query.get("agent_id")).toBe("a1");
  });

  test("of the script tag opens a call and prints its session", async () => {
    host.page = fill(printed("Quickstart", "html"));
    await scene.page.goto(host.url);
    await line("connected: 7d0c2a52-6f0e-4a53-8f6c-0d4a0c7b8a11");

    expect(scene.complaints.texts).toEqual([]);
  });

  test("of push-to-talk sends only while the button is held", async () => {
    const code = printed("Push-to-talk", "typescript");
    await run(`${IMPORT}const talkButton = document.querySelector("#talk");\n${code}\nconsole.log("ready");`);
    await line("ready");
    await pause(300);
    const before = scene.server.call.frames.length;
    await pause(300);
    expect(scene.server.call.frames.length).toBe(before);

    await scene.page.locator("#talk").hover();
    await scene.page.mouse.down();
    await until("frames while held", () => scene.server.call.frames.length > before + 5);
    await scene.page.mouse.up();
    await pause(100);
    const after = scene.server.call.frames.length;
    await pause(300);
    expect(scene.server.call.frames.length).toBe(after);
  });

  test("of the speaking indicator follows the agent", async () => {
    const code = printed("Agent-speaking indicator", "typescript");
    const indicator = "const setSpeaking = (on) => console.log(`speaking ${on}`);\n";
    await run(`${IMPORT}${AGENT}${indicator}${code}\nawait agent.connect();`);
    await line("speaking false");

    expect(printedLines.filter((text) => text.startsWith("speaking"))).toEqual([
      "speaking true",
      "speaking false",
    ]);
  });

  test("of the teardown says goodbye when the page is left", async () => {
    const code = printed("Clean teardown on page unload", "typescript");
    await run(`${IMPORT}${AGENT}${code}\nawait agent.connect();\nconsole.log("ready");`);
    await line("ready");
    await scene.page.goto("about:blank");

    await until("the goodbye", () => scene.server.call.types.includes("session.close"));
    await until("the closed socket", () => scene.server.call.closeCode !== undefined);
  });

  test("of the text input sends what was written", async () => {
    const code = printed("Text input", "typescript");
    const elements =
      'const sendButton = document.querySelector("#send");\nconst inputEl = document.querySelector("#text");\n';
    await run(`${IMPORT}${AGENT}${elements}${code}\nconsole.log("ready");`);
    await line("ready");
    await scene.page.locator("#text").fill("What does it cost?");
    await scene.page.locator("#send").click();

    await until("the text", () => scene.server.call.types.includes("input_text.send"));
    expect(scene.server.call.received.find(({ type }) => type === "input_text.send")).toMatchObject({
      text: "What does it cost?",
    });
  });

  test("of the error handling hears of all three kinds of error", async () => {
    const handshake = printed("Error handling", "typescript", "connect failed");
    const midSession = printed("Error handling", "typescript", 'agent.on("error"');
    const termination = printed("Error handling", "typescript", "session_ended");

    await run(`${IMPORT}${AGENT}${handshake}`, "sk_wrong");
    await line("connect failed: WebSocket connection failed");

    await run(`${IMPORT}${AGENT}${midSession}${termination}await agent.connect();\nconsole.log("ready");`);
    await line("ready");
    scene.server.call.send("error", { code: "internal_error", message: "oops" });
    await line("[internal_error] oops");
    scene.server.call.socket.terminate();
    await line("session ended: 1006");
  });

  test("of the smoke test prints its events in the documented order", async () => {
    host.page = fill(printed("Smoke-test the integration", "html"));
    await scene.page.goto(`${host.url}/smoke.html?key=sk_1&agent=a1`);

    expect(await smokeNames(scene.page)).toEqual([
      "session_started",
      "agent_start_talking",
      "agent_stop_talking",
    ]);
  });
});
