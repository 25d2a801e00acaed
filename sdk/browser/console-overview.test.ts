/** The overview, and how the engines are doing, as a person reads them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { consoleScene } from "./console-scene.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vivavoce-overview-"));
const database = `sqlite:///${join(folder, "vivavoce.sqlite3")}`;

const scene = consoleScene({
  settings: {
    VIVAVOCE_DATABASE: database,
    VIVAVOCE_STT: "scripted",
    VIVAVOCE_LLM: "scripted",
    VIVAVOCE_TTS: "scripted",
  },
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Calls of the last eight days. */
function seedCalls(): number {
  const python = join(ROOT, ".venv/bin/python");
  const words = ["-m", "tests.seeded_calls", database, scene.server.agentId];
  return Number(execFileSync(python, words, { cwd: ROOT, encoding: "utf8" }));
}

const total = (name: string): Promise<string> => scene.page.locator(`[data-figure="${name}"]`).innerText();

test("before the first call, three steps lead to an agent on a page", async () => {
  await scene.open("/console");
  const steps = scene.page.locator(".first-steps a");
  const paths = await steps.evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  await scene.check("overview-first-start");

  const agent = `/console/agents/${scene.server.agentId}`;
  expect(paths).toEqual([`${agent}/try`, "/console/agents/new", `${agent}/widget`]);
});

/** How many were stored: once, however often the test is tried. */
let made = 0;

test("the figures of a period are drawn, and those of another when it is chosen", async () => {
  made ||= seedCalls();
  await scene.open("/console");
  await scene.page.locator("#charts").waitFor();
  const week = Number(await total("calls"));
  await scene.check("overview");
  await scene.page.getByLabel("Period").selectOption("30d");
  await expect.poll(() => total("calls")).toBe(String(made));

  expect(week).toBeGreaterThan(0);
  expect(week).toBeLessThan(made);
  expect(scene.page.url()).toContain("period=30d");
  expect(await scene.page.locator(".uplot canvas").count()).toBe(4);
});

test("a chart is read with the arrow keys, in words", async () => {
  await scene.open("/console");
  await scene.page.locator("#charts").waitFor();
  const calls = scene.page.getByRole("slider", { name: "Calls", exact: true });
  await calls.focus();
  await calls.press("Home");
  const first = await calls.getAttribute("aria-valuetext");
  await calls.press("ArrowRight");
  const second = await calls.getAttribute("aria-valuetext");
  await scene.shot("overview-read-by-keys");

  expect(first).toMatch(/: \d+ calls?$/);
  expect(second).not.toBe(first);
});

test("the same figures stand in a table", async () => {
  await scene.open("/console?period=24h");
  await scene.page.locator("#charts").waitFor();
  await scene.page.getByText("The same figures as a table").click();
  const sums = await scene.page
    .locator("#rows tr")
    .evaluateAll((rows) => rows.map((row) => Number(row.children[1]?.textContent)));
  await scene.check("overview-table");

  expect(sums).toHaveLength(24);
  expect(sums.reduce((sum, calls) => sum + calls, 0)).toBe(Number(await total("calls")));
});

test("a failure to count says so, and is tried again", async () => {
  await scene.page.route("**/console/overview/data**", (route) => route.abort());
  await scene.open("/console");
  const retry = scene.page.getByRole("button", { name: "Try again" });
  await retry.waitFor();
  await scene.check("overview-failed");
  await scene.page.unroute("**/console/overview/data**");
  await retry.click();
  await scene.page.locator("#charts").waitFor();

  expect(await retry.isVisible()).toBe(false);
  scene.complaints.texts.length = 0;
});

test("the engines are shown, and checked by a button", async () => {
  await scene.open("/console");
  await scene.page.getByRole("link", { name: "Engines and server" }).click();
  await scene.check("health");
  await scene.page.getByRole("button", { name: "Check now" }).click();
  await scene.page.getByText("checked").first().waitFor();
  await scene.check("health-checked");

  expect(await scene.page.getByRole("row", { name: /Voice detection/ }).innerText()).toContain("works");
});
