/** A live call of a page in Chromium with the real server, whose visitor says what the test wants. */
import { readFileSync } from "node:fs";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { launchChromium, watch, type Complaints } from "./chromium.js";
import { connect, eventsOf, until } from "./scene.js";
import { sentence, withWav, type Sound } from "./sound.js";
import type { Vivavoce } from "./vivavoce.js";

/** The greeting of the demo agent is over by then, in seconds. */
export const GREETING_S = 5;

/** Some ten seconds, for calls that are to be cut or interrupted in the middle of it. */
export const LONG_GREETING =
  "Hello, I am the Vivavoce guide. Ask me what this is, how to start it, or what it costs. " +
  "You can interrupt me at any time.";

export const QUESTION = sentence(
  "arctic-a0024.wav",
  "It was my reports from the north which chiefly induced people to buy.",
);

/** Some eight seconds without a long pause. */
export const MONOLOGUE = sentence(
  "librivox-two-cities.wav",
  "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness.",
);

interface Said {
  readonly role: string;
  readonly text: string;
}

/** The bytes of each binary message that the page has sent and received. */
export interface Traffic {
  readonly sent: number[];
  readonly received: number[];
}

/** Runs `use` in a new browser, whose visitor says `sound` once, from the moment the microphone opens. */
export async function withVisitor(
  sound: Sound,
  use: (page: Page, complaints: Complaints, chromium: Browser) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  await withWav(sound, async (microphone) => {
    const chromium = await launchChromium({ microphone, once: true });
    try {
      const page = await chromium.newPage(options);
      await use(page, await watch(page), chromium);
    } finally {
      await chromium.close();
    }
  });
}

/** Runs `use` in a live call whose visitor says `sound` from the moment the microphone opens. */
export async function inCall(
  server: Vivavoce,
  sound: Sound,
  config: Record<string, unknown>,
  use: (page: Page, traffic: Traffic) => Promise<void>,
): Promise<void> {
  await withVisitor(sound, async (page, complaints) => {
    const traffic: Traffic = { sent: [], received: [] };
    page.on("websocket", (socket) => {
      socket.on("framesent", ({ payload }) => count(traffic.sent, payload));
      socket.on("framereceived", ({ payload }) => count(traffic.received, payload));
    });
    await openBare(page, server);
    await page.evaluate(() => {
      document.querySelector("#go")?.addEventListener("click", () => {
        const agent = window.agent as unknown as {
          on(name: string, handler: (event: unknown) => void): void;
        };
        for (const name of ["reconnecting", "reconnected", "caption"]) {
          agent.on(name, (event) => window.events.push([name, event]));
        }
      });
    });
    const outcome = await connect(page, { apiKey: server.key, agentId: server.agentId, ...config });
    expect(outcome).toEqual({ connected: true });
    await use(page, traffic);
    // What the browser says of broken sockets is no complaint of the page's.
    expect(complaints.texts.filter((text) => !text.includes("WebSocket connection to"))).toEqual([]);
  });
}

function count(sizes: number[], payload: string | Buffer): void {
  if (typeof payload !== "string") {
    sizes.push(payload.length);
  }
}

/** Opens a page of the server and gives it a button that connects. */
export async function openBare(page: Page, server: Vivavoce): Promise<void> {
  await page.goto(`${server.url}/smoke.html`);
  await page.evaluate(() => {
    const button = document.createElement("button");
    button.id = "go";
    button.textContent = "Go";
    document.body.append(button);
  });
  await page.evaluate(readFileSync(new URL("./bare/page.js", import.meta.url), "utf8"));
}

/** What the handlers of this event got, in order. */
export const named = async (page: Page, name: string): Promise<unknown[]> =>
  (await eventsOf(page)).filter(([found]) => found === name).map(([, event]) => event);

/** The final texts of the visitor or of the agent. */
export const said = async (page: Page, isUser: boolean): Promise<string[]> =>
  ((await named(page, "transcript")) as Said[])
    .filter(({ role }) => (role === "user") === isUser)
    .map(({ text }) => text);

/** The agent's words as they were heard, one after the other. */
export const words = async (page: Page): Promise<string> =>
  ((await named(page, "caption")) as Said[]).map(({ text }) => text).join(" ");

export const isTalking = (page: Page): Promise<boolean> =>
  page.evaluate(() => window.agent.outputLevel > 0.02);

/** Waits until the greeting has been said to its end; its text. */
export async function greeting(page: Page): Promise<string> {
  await until(
    "the end of the greeting",
    async () => (await named(page, "agent_stop_talking")).length > 0,
    40_000,
  );
  return (await said(page, false)).join(" ");
}

/** Ends the call, and looks whether it was one from beginning to end, for the page and in the server's record. */
export async function expectOneCall(page: Page, server: Vivavoce): Promise<void> {
  const started = (await named(page, "session_started")) as { call_id: string }[];
  const back = (await named(page, "reconnected")) as { callId: string }[];
  expect(started.length).toBe(1);
  expect(back.map(({ callId }) => callId)).toEqual(back.map(() => started[0]!.call_id));
  expect(await named(page, "session_ended")).toEqual([]);

  await page.evaluate(() => window.agent.disconnect());
  await until("the end", async () => (await named(page, "session_ended")).length > 0);
  expect(await named(page, "session_ended")).toEqual([{ reason: "client_requested" }]);
  const { transcript } = await server.get(`/atoms/v1/conversation/${started[0]!.call_id}`);
  const contents = (role: string): string[] =>
    (transcript as { role: string; content: string }[])
      .filter((entry) => entry.role === role)
      .map(({ content }) => content);
  expect(contents("user")).toEqual(await said(page, true));
  expect(contents("agent")[0]).toBe((await said(page, false))[0]);
}
