/** The talk page as a visitor uses it, against a stub of the server. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchChromium, watch, type Complaints } from "./chromium.js";
import { pause, until } from "./scene.js";
import { beeps, tone, toWav } from "./sound.js";
import { polite, StubServer, type Call } from "./stub-server.js";

const AGENTS = [
  { id: "aaaaaaaaaaaaaaaaaaaaaaaa", name: "Ada" },
  { id: "bbbbbbbbbbbbbbbbbbbbbbbb", name: "Grace" },
];

/** The page routes of an open server. */
function open(path: string): { status: number; body: unknown } {
  return path === "/page/agents"
    ? { status: 200, body: { agents: AGENTS, brain: "Answered by rules and espeak-ng." } }
    : { status: 201, body: { access_token: "wct_1", expires_in: 30 } };
}

const folder = mkdtempSync(join(tmpdir(), "vivavoce-browser-"));
let chromium: Browser;
let server: StubServer;
let page: Page;
let complaints: Complaints;

beforeAll(async () => {
  const microphone = join(folder, "beeps.wav");
  writeFileSync(microphone, toWav(beeps(1000, 10)));
  chromium = await launchChromium({ microphone });
});
afterAll(async () => {
  await chromium.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  server = await StubServer.start({ page: open });
  page = await chromium.newPage();
  complaints = await watch(page);
});
afterEach(async () => {
  await page.close();
  await server.stop();
});

const state = (): Promise<string | null> => page.locator("#state").textContent();
const problem = (): Promise<string | null> => page.locator("#problem").textContent();
const captions = (): Promise<string[]> => page.locator("#captions li").allInnerTexts();

/** Opens the page and a call. */
async function talk(path = "/"): Promise<Call> {
  await page.goto(server.url + path);
  await page.locator("#talk:not([disabled])").click();
  await page.waitForFunction(
    () => document.querySelector("#stage")?.getAttribute("data-state") === "listening",
  );
  return server.call;
}

/** The page names its agents, and the address may choose one. */
test("the agent of the address is chosen", async () => {
  await page.goto(`${server.url}/?agent=${AGENTS[1]?.id}`);
  await page.locator("#talk:not([disabled])").waitFor();

  expect(await page.locator("#agent").inputValue()).toBe(AGENTS[1]?.id);
  expect(await page.locator("#agent option").allTextContents()).toEqual(["Ada", "Grace"]);
  expect(await page.locator("#brain").textContent()).toBe("Answered by rules and espeak-ng.");
  expect(await page.locator("#snippet").textContent()).toContain(`${server.url}/sdk/agent-sdk.browser.js`);
  expect(await page.locator("#snippet").textContent()).toContain(AGENTS[1]?.id);
  expect(await page.locator("#typing").isVisible()).toBe(false);
});

/** A whole call: token, captions that grow and settle, an interruption, typed words, the time to the answer, the end. */
test("a call is shown from the first word to the end, without a complaint", async () => {
  const call = await talk();
  expect([call.query.get("token"), call.query.get("agent_id")]).toEqual(["wct_1", AGENTS[0]?.id]);

  call.send("agent_start_talking");
  call.speak(tone(440, 3, 24000));
  call.send("transcript.delta", { role: "assistant", text: "Good" });
  call.send("transcript.delta", { role: "assistant", text: "Good morning to you" });
  await until("a caption", async () => (await captions()).includes("Agent\nGood morning to you"));
  expect(await state()).toBe("Talking");
  expect(await page.locator("#captions li").getAttribute("data-settled")).toBe("false");

  call.send("interruption");
  call.send("transcript", { role: "assistant", text: "Good morning" });
  call.send("agent_stop_talking");
  call.send("transcript.delta", { role: "user", text: "What is" });
  await until("two captions", async () => (await captions()).length === 2);
  expect(await captions()).toEqual(["Agent\nGood morning — interrupted", "You\nWhat is"]);

  // The microphone beeps, so the visitor was heard; then the turn is taken, and answered after 400 ms.
  await until("a frame", () => call.frames.length > 20);
  await page.locator("#mute").click();
  call.send("transcript", { role: "user", text: "What is the price?" });
  await until("thought", async () => (await state()) === "Thinking …");
  await pause(400);
  call.send("agent_start_talking");
  call.speak(tone(440, 0.5, 24000));
  await page.locator("#latency").waitFor();
  const measured = /first sound ([\d.]+) s after your last word was heard here/.exec(
    (await page.locator("#latency").textContent()) ?? "",
  );
  expect(Number(measured?.[1])).toBeGreaterThan(0.4);
  expect(Number(measured?.[1])).toBeLessThan(3);
  call.send("agent_stop_talking");

  await page.locator("#text").fill("And in euros?");
  await page.locator("#text").press("Enter");
  await until("the text", () => call.types.includes("input_text.send"));
  expect(call.received.find(({ type }) => type === "input_text.send")).toMatchObject({
    text: "And in euros?",
  });

  await page.locator("#end").click();
  await until("the end", async () => (await state()) === "You ended the call");
  expect(await page.locator("#talk").isVisible()).toBe(true);
  expect(await page.locator("#typing").isVisible()).toBe(false);
  expect(await page.locator("#call-id").textContent()).toBe("CALL-1776756378884-6a553c");
  expect(complaints.texts).toEqual([]);
});

/** Only held, the microphone speaks: by button, and by the space bar. */
test("push to talk sends only while the button or the space bar is held", async () => {
  await page.goto(server.url);
  await page.locator("#push-to-talk").check();
  await page.locator("#talk:not([disabled])").click();
  await page.waitForFunction(
    () => document.querySelector("#stage")?.getAttribute("data-state") === "listening",
  );
  const { call } = server;
  await pause(500);
  expect(call.frames.length).toBe(0);

  await page.keyboard.down("Space");
  await until("frames while the space bar is held", () => call.frames.length > 10);
  await page.keyboard.up("Space");
  await pause(100);
  const afterSpace = call.frames.length;
  await pause(400);
  expect(call.frames.length).toBe(afterSpace);

  await page.locator("#hold").hover();
  await page.mouse.down();
  await until("frames while the button is held", () => call.frames.length > afterSpace + 10);
  await page.mouse.up();
  await pause(100);
  const afterButton = call.frames.length;
  await pause(400);
  expect(call.frames.length).toBe(afterButton);
});

/** A space typed into the text is a space. */
test("the space bar writes spaces in the text field", async () => {
  await page.goto(server.url);
  await page.locator("#push-to-talk").check();
  await page.locator("#talk:not([disabled])").click();
  await page.locator("#text").pressSequentially("a b");

  expect(await page.locator("#text").inputValue()).toBe("a b");
  expect(server.call.frames.length).toBe(0);
});

/** Mute is a button that stays down. */
test("mute stops the microphone and shows it", async () => {
  const call = await talk();
  await until("a frame", () => call.frames.length > 0);
  await page.locator("#mute").click();
  await pause(100);
  const muted = call.frames.length;
  await pause(400);

  expect(await page.locator("#mute").getAttribute("aria-pressed")).toBe("true");
  expect(call.frames.length).toBe(muted);
});

/** Everything can be done with the keyboard. */
test("a call can be opened and ended by keyboard alone", async () => {
  await page.goto(server.url);
  await page.locator("#talk:not([disabled])").waitFor();
  await page.locator("#talk").focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    () => document.querySelector("#stage")?.getAttribute("data-state") === "listening",
  );
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("end");
  await page.keyboard.press("Enter");

  await until("the end", async () => (await state()) === "You ended the call");
});

describe("trouble", () => {
  /** A closed server: the visitor brings a key, which stays in this page. */
  test("a closed server asks for a key", async () => {
    server.options = { page: () => ({ status: 401, body: {} }) };
    await page.goto(server.url);
    await page.locator("#key").fill("sk_mine");
    await page.locator("#agent-id").fill("cccccccccccccccccccccccc");
    await page.locator("#talk").click();
    await until("a call", () => server.calls.length > 0);

    expect(server.call.query.get("token")).toBe("sk_mine");
    expect(server.call.query.get("agent_id")).toBe("cccccccccccccccccccccccc");
    expect(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie])).toEqual([
      0,
      0,
      "",
    ]);
  });

  /** A wrong key is named as such, although a socket cannot tell. */
  test("a wrong key is named", async () => {
    server.options = { page: () => ({ status: 401, body: {} }) };
    await page.goto(server.url);
    await page.locator("#key").fill("sk_wrong");
    await page.locator("#agent-id").fill("cccccccccccccccccccccccc");
    await page.locator("#talk").click();
    await until("an explanation", async () => ((await problem()) ?? "").includes("key was not accepted"));

    expect(await page.locator("#talk").isVisible()).toBe(true);
  });

  /** A server that is gone is named, and the page can be used again. */
  test("a missing server is named", async () => {
    await page.goto(server.url);
    await page.locator("#talk:not([disabled])").waitFor();
    const { url } = server;
    await server.stop();
    await page.locator("#talk").click();
    await until("an explanation", async () => ((await problem()) ?? "").includes("cannot be reached"));

    expect([url !== "", await page.locator("#talk").isVisible()]).toEqual([true, true]);
    server = await StubServer.start();
  });

  /** The visitor said no; the page says how to change that. */
  test("a denied microphone is explained", async () => {
    const denying = await launchChromium({ permission: "deny" });
    try {
      page = await denying.newPage();
      await page.goto(server.url);
      await page.locator("#talk:not([disabled])").click();
      await until("an explanation", async () =>
        ((await problem()) ?? "").includes("The microphone is blocked"),
      );

      expect(await page.locator("#talk").isVisible()).toBe(true);
      expect(await state()).toBe("Ready when you are");
    } finally {
      await denying.close();
    }
  });

  /** A call that the server ends says why. */
  test("the end by the server is told in words", async () => {
    server.options = { ...server.options, onCall: polite };
    const call = await talk();
    call.send("session.closed", { reason: "timeout" });

    await until("the reason", async () => (await state()) === "The call reached its time limit");
  });
});
