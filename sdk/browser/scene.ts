/** What the tests do with a page again and again. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { devices } from "./chromium.js";

export interface Outcome {
  readonly connected: boolean;
  readonly message?: string;
  readonly cause?: string;
  readonly detail?: string;
}

/** What the bare page keeps in its window. */
interface BareWindow {
  config: Record<string, unknown>;
  outcome: Outcome | undefined;
  events: unknown[][];
  agent: {
    connect(): Promise<void>;
    disconnect(): void;
    mute(): void;
    unmute(): void;
    sendText(text: string): void;
    readonly isConnected: boolean;
    readonly outputLevel: number;
    readonly inputLevel: number;
  };
}

declare global {
  // The bare page's own variables, for functions that run in it.
  interface Window extends BareWindow {}
}

/** Presses the button of the bare page, and waits for what becomes of `connect()`. */
export async function connect(page: Page, config: Record<string, unknown> = {}): Promise<Outcome> {
  await page.evaluate((given) => (window.config = { apiKey: "sk_1", agentId: "a1", ...given }), config);
  await page.click("#go");
  const outcome = await page.waitForFunction(() => window.outcome, undefined, { timeout: 20_000 });
  return (await outcome.jsonValue()) as Outcome;
}

export const eventsOf = (page: Page): Promise<unknown[][]> => page.evaluate(() => window.events);

/** Waits until `condition` holds, which is asked again and again. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) {
      expect.fail(`waited ${limitMs} ms for this in vain: ${what}`);
    }
    await pause(20);
  }
}

/** Waits until the microphone, which every `connect()` asks for, has been let go again. */
export async function microphoneReleased(page: Page): Promise<void> {
  await until("a released microphone", async () => {
    const { tracks } = await devices(page);
    return tracks.length > 0 && tracks.every((state) => state === "ended");
  });
}

/** The names of the events that a smoke page has printed at the end of the greeting. */
export async function smokeNames(page: Page, limitMs?: number): Promise<(string | undefined)[]> {
  const log = async (): Promise<string> => (await page.locator("#log").textContent()) ?? "";
  const isOver = (text: string): boolean =>
    ["agent_stop_talking", "connected"].every((it) => text.includes(it));
  await until("the end of the greeting", async () => isOver(await log()), limitMs);
  const names = (await log())
    .trim()
    .split("\n")
    .map((line) => line.split(" ")[0]);
  return names.filter((name) => name !== "connected");
}

/** Real time passes: sound takes as long as it takes. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The playback level every few milliseconds for a while, with times in milliseconds. */
export function recordOutput(page: Page, forMs: number): Promise<[atMs: number, level: number][]> {
  return page.evaluate(
    (limit) =>
      new Promise<[number, number][]>((resolve) => {
        const levels: [number, number][] = [];
        const start = performance.now();
        const timer = setInterval(() => {
          const at = performance.now() - start;
          levels.push([at, window.agent.outputLevel]);
          if (at > limit) {
            clearInterval(timer);
            resolve(levels);
          }
        }, 5);
      }),
    forMs,
  );
}
