/** The list of calls and the page of one call, made by a visitor who speaks, in a real browser. */
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consoleScene } from "./console-scene.js";
import { until } from "./scene.js";

const PYTHON = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
const CALLER = fileURLToPath(new URL("./spoken_call.py", import.meta.url));
const LOSER = fileURLToPath(new URL("./cut_call.py", import.meta.url));
const SPOKEN = "Good morning, I would like to know when you are open on Sunday.";

const scene = consoleScene({ settings: { VIVAVOCE_LLM: "scripted" } });

describe("calls in the console", () => {
  let folder: string;
  let wav: string;
  let agentId: string;
  let callId: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "vivavoce-calls-"));
    wav = join(folder, "said.wav");
    execFileSync("espeak-ng", ["-w", wav, "-s", "150", SPOKEN]);
    agentId = await scene.server.agent({
      name: "Ada",
      firstMessage: "Welcome to the clock museum. How can I help you today?",
      globalPrompt: "You are Ada, who looks after the clock museum.",
    });
    const { url, key } = scene.server;
    const { stdout } = await promisify(execFile)(PYTHON, [CALLER, url, key, agentId, wav]);
    callId = stdout.trim();
    await until("the figures", async () => {
      const { postCallAnalytics } = (await scene.server.get(`/atoms/v1/conversation/${callId}`)) as {
        postCallAnalytics: { status: string; metrics: object };
      };
      return postCallAnalytics.status !== "pending";
    });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** A call that goes on until the server ends it; resolves when the visitor has begun to speak. */
  async function liveCall(): Promise<{ id: string; caller: ChildProcess }> {
    const { url, key } = scene.server;
    const caller = spawn(PYTHON, [CALLER, url, key, agentId, wav, "--hold"]);
    const id = await new Promise<string>((resolve) => {
      caller.stdout.once("data", (text: Buffer) => resolve(text.toString().trim()));
    });
    return { id, caller };
  }

  const gone = (caller: ChildProcess): Promise<void> =>
    caller.exitCode === null
      ? new Promise((resolve) => void caller.once("exit", () => resolve()))
      : Promise.resolve();

  const audioTime = (page: Page): Promise<number> =>
    page.evaluate(() => document.querySelector<HTMLAudioElement>("#audio")!.currentTime);

  /** Waits until the sound is drawn and can be heard. */
  async function openCall(): Promise<Page> {
    await scene.open(`/console/calls/${callId}`);
    await scene.page.waitForFunction(
      () => document.querySelector<HTMLAudioElement>("#audio")!.readyState >= 1,
    );
    await scene.page.waitForFunction(
      () => document.querySelector("#wave > div")?.shadowRoot?.querySelector("canvas") !== undefined,
    );
    return scene.page;
  }

  test("the page of a call has what was said, marked where the agent was cut", async () => {
    const page = await openCall();
    await scene.check("call");

    const turns = page.locator("#turns .turn");
    expect(await turns.nth(0).innerText()).toContain("Welcome to the clock museum.");
    expect((await turns.nth(1).innerText()).toLowerCase()).toContain("sunday");
    expect(await page.locator(".turn.agent .cut .badge").innerText()).toBe("interrupted");
    expect(await page.locator(".turn.agent .unheard").innerText()).toContain("never changes.");
    await page.locator(".event.tool summary").click();
    expect(await page.locator(".event.tool pre").first().innerText()).toContain('"seats": 2');
    await page.locator(".waterfall summary").first().click();
    expect(await page.locator(".waterfall table").first().innerText()).toContain("Speech to text");
    await scene.check("call-open");
  });

  test("a click on a word plays the call from there, and lights it", async () => {
    const page = await openCall();
    const word = page.locator(".turn.agent .word", { hasText: "museum." }).first();
    const atS = Number(await word.getAttribute("data-at")) / 100;
    await word.click();
    await page.waitForFunction(() => document.querySelector(".word.lit")?.textContent === "museum.");

    const time = await audioTime(page);
    expect(time).toBeGreaterThanOrEqual(atS);
    expect(time).toBeLessThan(atS + 2);
    await page.waitForFunction(() => document.querySelector(".word.lit")?.textContent === "How");
    await page.keyboard.press("Space");
    const paused = await audioTime(page);
    expect(await page.evaluate(() => document.querySelector<HTMLAudioElement>("#audio")!.paused)).toBe(true);
    await scene.shot("call-lit");
    await page.keyboard.press("ArrowLeft");
    expect(await audioTime(page)).toBeLessThan(paused);
  });

  test("the keyboard alone plays a turn", async () => {
    const page = await openCall();
    await page.locator("#turns .turn").first().focus();
    await page.keyboard.press("ArrowDown");
    const startS = Number(
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset["at"]),
    );
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => !document.querySelector<HTMLAudioElement>("#audio")!.paused);

    expect(startS).toBeGreaterThan(0);
    const time = await audioTime(page);
    expect(time).toBeGreaterThanOrEqual(startS - 0.05);
    expect(time).toBeLessThan(startS + 3);
  });

  test("the list finds a call by what was said", async () => {
    const { page } = scene;
    await scene.open("/console/calls");
    await scene.check("calls");
    await page.fill("#q", "twelve words");
    await page.locator("mark", { hasText: "twelve words" }).waitFor();
    await scene.check("calls-found");
    await page.fill("#q", "no such words at all");
    await page.getByRole("heading", { name: "No such call" }).waitFor();
    await scene.check("calls-none");
    await page.fill("#q", callId);
    await page.locator(`#call-${callId}`).click();

    await page.waitForURL(`**/console/calls/${callId}`);
  });

  test("a chat is read", async () => {
    const { page, server } = scene;
    const answered = server.run(
      ...[
        "call",
        agentId,
        "--text",
        "Hello",
        "--mode",
        "chat",
        "--url",
        server.url,
        "--key",
        server.key,
        "--json",
      ],
    );
    const { call_id: chat } = JSON.parse(answered) as { call_id: string };
    await scene.open(`/console/calls/${chat}`);
    await page.getByText("A chat has no sound.").waitFor();
    await scene.check("call-chat");

    expect(await page.locator(".turn.user .said").innerText()).toBe("Hello");
    expect(await page.locator(".word").count()).toBe(0);
  });

  test("a live call appears, is followed, ended, and becomes a finished one", async () => {
    const { page } = scene;
    await scene.open("/console/calls");
    await page.getByText("No call is live").waitFor();
    const { id, caller } = await liveCall();
    await page.locator(`#live-${id}`).waitFor();
    await scene.check("calls-live");
    await page.locator(`#live-${id}`).click();
    await page.locator(".turn.agent .said", { hasText: "Welcome" }).waitFor();
    await page.locator(".turn.user .said", { hasText: /sunday/i }).waitFor();
    await page.locator(".turn.agent .waterfall").waitFor();
    await scene.check("call-live");
    await page.getByRole("link", { name: "End this call" }).click();
    await scene.check("call-end");
    await page.getByRole("button", { name: "End the call" }).click();
    await page.locator("#audio").waitFor({ state: "attached" });
    await gone(caller);

    expect(await page.locator(".call-line").innerText()).not.toContain("live");
    expect(await page.locator(".turn.agent").count()).toBeGreaterThan(1);
  });

  test("a connection that was lost and came back is told between the turns, live and afterwards", async () => {
    const { page, server } = scene;
    const caller = spawn(PYTHON, [LOSER, server.url, server.key, agentId]);
    const id = await new Promise<string>((resolve) => {
      caller.stdout.once("data", (text: Buffer) => resolve(text.toString().trim()));
    });
    await scene.open(`/console/calls/${id}`);
    await page.locator("#listening").waitFor();
    caller.stdin.write("\n");
    const absence = page.locator(".event.absence");
    await absence.waitFor();
    expect(await page.locator("#listening").innerText()).toContain("waits for the visitor");
    await scene.shot("call-lost-live");
    await absence.filter({ hasText: / for \d\.\d s/ }).waitFor();
    await page.locator("#audio").waitFor({ state: "attached" });
    await gone(caller);
    await scene.check("call-lost");

    expect(await absence.innerText()).toMatch(/^Connection lost for \d\.\d s \d:\d\d$/);
    // It is the greeting that was heard to its end, not interrupted.
    expect(await page.locator(".turn.agent .said").innerText()).toMatch(/^Welcome .* today\?$/);
    expect(await page.locator(".turn.agent .cut").count()).toBe(0);
  });
});
