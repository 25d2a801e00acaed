/** The console of a real server in a real browser: somebody signed in, screenshots, and checks of every page. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Cookie, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { findings } from "./axe.js";
import { launchChromium, watch, type Complaints } from "./chromium.js";
import { picture, SIZES, type Scheme } from "./shots.js";
import { beeps, toWav } from "./sound.js";
import { Vivavoce } from "./vivavoce.js";

const SCHEMES = ["light", "dark"] as const;
const HEIGHT = 900;
/** A telephone, the least width with a column beside the page, and the least with tables: viewports in CSS pixels. */
const NARROWEST = [360, 960, 1248];

export interface ConsoleScene {
  server: Vivavoce;
  chromium: Browser;
  context: BrowserContext;
  page: Page;
  /** What went wrong without being asked for: the test fails at its end, unless it has taken it out. */
  complaints: Complaints;
  /** Takes complaints out that were to be expected, such as `/404/` of a page that is not there. */
  forgive(pattern: RegExp): void;
  /** Opens a page of the console, such as `/console/keys`. */
  open(path: string): Promise<void>;
  /** Signs in by a one-time link, as `admin` or as another user that exists. */
  signIn(name?: string): Promise<void>;
  /** The whole page in every size of `shots.ts`, as `NAME-WIDTH-SCHEME.png`. */
  shot(name: string): Promise<void>;
  /** No finding of axe-core, neither light nor dark. */
  accessible(): Promise<void>;
  /** The page does not scroll sideways where there is least room. */
  noOverflow(): Promise<void>;
  /** All three. */
  check(name: string): Promise<void>;
}

export interface ConsoleOptions {
  /** Environment variables of the server, such as `VIVAVOCE_LLM`. */
  readonly settings?: Record<string, string>;
  /** Whether every test begins with `admin` signed in; so it does unless this is false. */
  readonly signedIn?: boolean;
}

let made = 0;

/** A name that nothing on the server has yet, also when a test is tried again. */
export function fresh(name: string): string {
  made += 1;
  return `${name}-${made}`;
}

/** A scene for the tests of a file: call it at its top, and use it within tests only. One server for all of them. */
export function consoleScene({ settings = {}, signedIn = true }: ConsoleOptions = {}): ConsoleScene {
  const scene = {} as ConsoleScene;
  let folder: string;
  // Of the session that the tests share: links take a second each.
  let cookies: Cookie[] = [];

  /** Signed in as `admin`, with the session of the test before where it still goes on. */
  async function enter(): Promise<void> {
    await scene.context.addCookies(cookies);
    const answer = await scene.context.request.get(`${scene.server.url}/console/account`, {
      maxRedirects: 0,
    });
    if (answer.status() !== 200) {
      await scene.signIn();
      cookies = await scene.context.cookies();
    }
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "vivavoce-browser-"));
    const microphone = join(folder, "beeps.wav");
    writeFileSync(microphone, toWav(beeps(1000, 10)));
    [scene.server, scene.chromium] = await Promise.all([
      Vivavoce.start(settings),
      launchChromium({ microphone }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([scene.chromium.close(), scene.server.stop()]);
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    scene.context = await scene.chromium.newContext({
      viewport: { width: 1440, height: HEIGHT },
      permissions: ["clipboard-read", "clipboard-write", "microphone"],
      reducedMotion: "reduce",
      locale: "en-GB",
    });
    scene.page = await scene.context.newPage();
    await waitForScripts(scene.page);
    scene.complaints = await watch(scene.page);
    if (signedIn) {
      await enter();
    }
  });
  afterEach(async () => {
    await scene.context.close();
    expect(scene.complaints.texts).toEqual([]);
  });

  scene.forgive = (pattern) => {
    const { texts } = scene.complaints;
    texts.splice(0, texts.length, ...texts.filter((text) => !pattern.test(text)));
  };
  scene.open = async (path) => {
    await scene.page.goto(`${scene.server.url}${path}`);
  };
  scene.signIn = async (name = "admin") => {
    const { url } = JSON.parse(scene.server.run("users", "link", name, "--json")) as { url: string };
    await scene.page.goto(url);
    await scene.page.getByRole("button", { name: "Sign in" }).click();
    await scene.page.waitForURL("**/account/new-password**");
  };
  scene.shot = (name) =>
    everySize(scene.page, (size) => picture(scene.page, `${name}-${size}`, { fullPage: true }));
  scene.accessible = () => accessible(scene.page);
  scene.noOverflow = () => noOverflow(scene.page);
  scene.check = async (name) => {
    await scene.shot(name);
    await scene.accessible();
    await scene.noOverflow();
  };
  return scene;
}

async function everySize(page: Page, use: (size: string) => Promise<void>): Promise<void> {
  const before = page.viewportSize();
  const scrolled = await page.evaluate(() => scrollY);
  for (const { width, height, scheme } of SIZES) {
    await page.setViewportSize({ width, height });
    await inColours(page, scheme);
    // What sticks to an edge of the window is in its place only at the top of a whole page.
    await page.evaluate(() => scrollTo(0, 0));
    await use(`${width}-${scheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) {
    await page.setViewportSize(before);
  }
  await page.evaluate((y) => scrollTo(0, y), scrolled);
}

/**
 * Has every act on a page wait until its scripts are loaded.
 *
 * Without them a link that opens a dialog leads to a page instead: good for visitors, not for what is tested here.
 */
async function waitForScripts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      observer.disconnect();
      document.documentElement.dataset["loading"] = "";
    }).observe(document, { childList: true });
    addEventListener("load", () => delete document.documentElement.dataset["loading"]);
  });
  // What is in the way goes away by itself.
  await page.addLocatorHandler(page.locator("html[data-loading]"), () => Promise.resolve());
}

/** Has the system light or dark, and waits until the page is painted so. */
async function inColours(page: Page, colorScheme: Scheme): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(
    () => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))),
  );
}

async function accessible(page: Page): Promise<void> {
  for (const scheme of SCHEMES) {
    await inColours(page, scheme);
    const found = await lasting(page, async () => (await findings(page)).join("\n"));
    expect(found, `axe-core has findings where it is ${scheme}`).toBe("");
  }
  await page.emulateMedia({ colorScheme: null });
}

async function noOverflow(page: Page): Promise<void> {
  const before = page.viewportSize();
  for (const width of NARROWEST) {
    await page.setViewportSize({ width, height: HEIGHT });
    const wide = await lasting(page, () =>
      page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [...document.querySelectorAll("body *")]
          .filter(
            (element) =>
              scrollWidth > clientWidth && element.getBoundingClientRect().right > clientWidth + 0.5,
          )
          .map((element) => element.outerHTML.slice(0, 120))
          .join("\n");
      }),
    );
    expect(wide, `what is wider than a page of ${width} px`).toBe("");
  }
  if (before) {
    await page.setViewportSize(before);
  }
}

/** What is found, and found again: a busy Chromium goes on with old colours and widths for a while. */
async function lasting(page: Page, find: () => Promise<string>): Promise<string> {
  let found = await find();
  for (let look = 1; found !== "" && look < 4; look += 1) {
    await page.waitForTimeout(300);
    found = await find();
  }
  return found;
}
