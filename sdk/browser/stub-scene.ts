/** What most browser tests begin with: a page in Chromium whose visitor beeps, and a stub of the server. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { launchChromium, watch, type Complaints } from "./chromium.js";
import { beeps, toWav } from "./sound.js";
import { StubServer, type StubOptions } from "./stub-server.js";

/** What the fake microphone hears: beeps of this pitch. */
export const BEEP_HZ = 1000;

/** One browser for all tests that share the scene; everything else is new for each of them. */
export interface StubScene {
  chromium: Browser;
  server: StubServer;
  page: Page;
  complaints: Complaints;
}

/** A scene for the tests of a file or of a `describe`: call it there, and use it within tests only. */
export function stubScene(options: StubOptions = {}): StubScene {
  const scene = {} as StubScene;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "vivavoce-browser-"));
    const microphone = join(folder, "beeps.wav");
    writeFileSync(microphone, toWav(beeps(BEEP_HZ, 10)));
    scene.chromium = await launchChromium({ microphone });
  });
  afterAll(async () => {
    await scene.chromium.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    scene.server = await StubServer.start(options);
    await turnPage(scene, scene.chromium);
  });
  afterEach(async () => {
    await scene.page.close();
    await scene.server.stop();
  });
  return scene;
}

/** Goes on in a new page, perhaps of another browser. */
export async function turnPage(scene: StubScene, browser: Browser): Promise<void> {
  scene.page = await browser.newPage();
  scene.complaints = await watch(scene.page);
}

/** Opens the page with nothing but a button that connects. */
export async function openBare({ page, server }: StubScene): Promise<void> {
  await page.goto(`${server.url}/bare/page.html`);
}
