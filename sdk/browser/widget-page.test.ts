/** The widget among the rules, the keys and the habits of other people's pages. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { devices, launchChromium } from "./chromium.js";
import { until } from "./scene.js";
import { stubScene, turnPage } from "./stub-scene.js";
import type { Call } from "./stub-server.js";
import { pageWith, Site } from "./widget/site.js";
import { answerEmbed, openWidget } from "./widget/stub-widget.js";

const HOSTILE = `<style>
  * { all: unset !important; display: inline !important; color: red !important; font: 60px/3 serif !important;
      position: static !important; transform: rotate(30deg) !important; visibility: hidden !important;
      pointer-events: none !important; letter-spacing: 1em !important; direction: inherit !important; }
  vivavoce-widget { opacity: 0.1 !important; width: 500px !important; z-index: -1 !important; float: left !important; }
  button, section, header, .panel, .launcher { display: none !important; }
</style>`;

/** The element that has the focus, inside the shadow tree. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const active = document.querySelector("vivavoce-widget")?.shadowRoot?.activeElement;
    return active ? (active.getAttribute("part") ?? active.tagName.toLowerCase()) : "page";
  });

const greet = (call: Call): void => {
  call.create();
  call.send("agent_start_talking");
  call.send("transcript", { role: "assistant", text: "Hello!" });
  call.send("agent_stop_talking");
};

describe("the widget in a page", () => {
  const scene = stubScene();
  let site: Site;

  beforeAll(async () => {
    site = await Site.start();
  });
  afterAll(() => site.stop());

  const state = (name: string): Promise<void> =>
    scene.page.locator(`.root[data-state="${name}"]`).waitFor({ state: "attached", timeout: 10_000 });

  /** No rule of the page reaches in, and the element itself keeps what it needs. */
  test("looks the same under hostile rules", async () => {
    const { page } = scene;
    await page.emulateMedia({ reducedMotion: "reduce" });
    const look = async (more: string): Promise<unknown> => {
      await openWidget(scene, site, { attributes: 'mode="hybrid"', more });
      await page.locator(".launcher").click();
      await page.locator(".stage .cta-button").waitFor();
      return page.evaluate(() => {
        const shadow = document.querySelector("vivavoce-widget")?.shadowRoot;
        return [".panel", "h2", ".stage .cta-button", "textarea"].map((name) => {
          const found = shadow?.querySelector(name) as HTMLElement;
          const { color, fontSize, fontFamily, letterSpacing, visibility, pointerEvents, direction } =
            getComputedStyle(found);
          const { x, y, width, height } = found.getBoundingClientRect();
          return {
            color,
            fontSize,
            fontFamily,
            letterSpacing,
            visibility,
            pointerEvents,
            direction,
            x,
            y,
            width,
            height,
          };
        });
      });
    };
    const usual = await look("");
    await page.unrouteAll();

    expect(await look(HOSTILE)).toEqual(usual);
  });

  /** Nor does a rule of ours reach out. */
  test("leaves the page as it was", async () => {
    const { page } = scene;
    const measure = (): Promise<unknown> =>
      page.evaluate(() =>
        [...document.querySelectorAll("main, main *")].map((one) => {
          const { x, y, width, height } = one.getBoundingClientRect();
          return [one.tagName, x, y, width, height, getComputedStyle(one).font];
        }),
      );
    await openWidget(scene, site);
    await page.locator(".launcher").click();
    const withWidget = await measure();
    await page.evaluate(() => document.querySelector("vivavoce-widget")?.remove());

    expect(withWidget).toEqual(await measure());
  });

  /** From the page into the conversation and back, without a pointer. */
  test("is used with the keyboard alone", async () => {
    const { page, server } = scene;
    server.options = { onCall: greet };
    await openWidget(scene, site, { attributes: 'mode="voice"' });
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("launcher");

    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("start-button");

    await page.keyboard.press("Enter");
    await state("listening");
    expect(await focused(page)).toBe("mute-button");

    await page.keyboard.press("Space");
    await state("muted");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("end-button");

    await page.keyboard.press("Enter");
    await state("ended");
    expect(await focused(page)).toBe("start-button");

    await page.keyboard.press("Escape");
    await page.locator(".launcher").waitFor();
    expect(await focused(page)).toBe("launcher");
  });

  /** What covers the page keeps the focus; what stands beside it lets it go. */
  test.each([
    [360, true],
    [1200, false],
  ])("at %i px keeps the Tab key inside: %s", async (width, keeps) => {
    const { page } = scene;
    await page.setViewportSize({ width, height: 800 });
    await openWidget(scene, site, { attributes: 'mode="voice"' });
    await page.locator(".launcher").click();
    expect(await page.locator(".panel").getAttribute("aria-modal")).toBe(String(keeps));
    const places = new Set<string>();
    for (let press = 0; press < 8; press += 1) {
      await page.keyboard.press("Tab");
      places.add(await focused(page));
    }

    expect(places.has("page")).toBe(!keeps);
  });

  /** Behind a closed panel the conversation goes on, and the button says so. */
  test("goes on behind a closed panel", async () => {
    const { page, server } = scene;
    server.options = { onCall: greet };
    await openWidget(scene, site, { attributes: 'mode="voice"' });
    await page.locator(".launcher").click();
    await page.locator(".stage .cta-button").click();
    await state("listening");
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Conversation is on" }).waitFor();
    expect((await devices(page)).tracks).toEqual(["live"]);
  });

  /** Nothing is asked, sent or opened before the visitor has agreed; later he is not asked again. */
  test("asks for consent first, and once", async () => {
    const { page, server } = scene;
    let tokens = 0;
    await page.route("**/embed/token", () => (tokens += 1));
    const attributes = 'mode="voice" consent-required consent-storage-key="agreed"';
    await openWidget(scene, site, { attributes });
    await page.evaluate(() => document.querySelector("vivavoce-widget")?.start());
    await state("consent");
    expect(await page.getByRole("button", { name: "Continue" }).isDisabled()).toBe(true);
    expect([tokens, server.calls.length, (await devices(page)).tracks.length]).toEqual([0, 0, 0]);

    await page.getByRole("checkbox").check();
    await page.getByRole("button", { name: "Continue" }).click();
    await state("idle");
    await page.reload();
    await page.locator(".launcher").click();

    await state("idle");
  });

  /** Chromium's fake devices have names once the microphone was allowed. */
  test("changes the microphone in mid-call", async () => {
    const { page, server } = scene;
    server.options = { onCall: greet };
    await openWidget(scene, site, { attributes: 'mode="voice"' });
    await page.locator(".launcher").click();
    await page.locator(".stage .cta-button").click();
    await state("listening");
    await page.getByRole("button", { name: "Audio devices" }).click();
    const choice = page.getByLabel("Microphone");
    await until("the names of the devices", async () => (await choice.locator("option").count()) > 1);
    await choice.selectOption({ index: 1 });

    await until("the other microphone", async () => (await devices(page)).tracks.join() === "ended,live");
  });

  /** Each refusal of the browser has its own code and its own sentence. */
  test("says that the microphone was denied", async () => {
    const browser = await launchChromium({ permission: "deny" });
    const { page: before } = scene;
    try {
      await turnPage(scene, browser);
      await openWidget(scene, site, { attributes: 'mode="voice"' });
      await scene.page.evaluate(() => {
        document.addEventListener("atoms-error", (event) => (window.config = { ...event.detail }));
      });
      await scene.page.locator(".launcher").click();
      await scene.page.locator(".stage .cta-button").click();
      await scene.page.getByText("The microphone is blocked.").waitFor();

      expect(await scene.page.evaluate(() => window.config)).toMatchObject({
        code: "microphone_denied",
        reason: "NotAllowedError",
        fatal: true,
      });
    } finally {
      await browser.close();
      scene.page = before;
    }
  });

  /** The page hears what the SDK's pages hear, from the document too. */
  test("tells the page what happens", async () => {
    const { page, server } = scene;
    server.options = { onCall: greet };
    await openWidget(scene, site, { attributes: 'mode="chat"' });
    await page.evaluate(() => {
      window.events = [];
      for (const name of ["open", "state", "session_started", "transcript", "session_ended", "close"]) {
        document.addEventListener(`atoms-${name}`, (event) => {
          window.events.push([
            name,
            (event as CustomEvent<{ state?: string; text?: string }>).detail?.state ?? "",
          ]);
        });
      }
      const widget = document.querySelector("vivavoce-widget");
      widget?.open();
      widget?.start();
    });
    await state("listening");
    await page.evaluate(() => {
      const widget = document.querySelector("vivavoce-widget");
      widget?.end();
      widget?.close();
    });
    await state("ended");
    const names = (await page.evaluate(() => window.events)).map(([name, detail]) =>
      `${name} ${detail}`.trim(),
    );

    expect(names.filter((name) => !name.startsWith("state"))).toEqual([
      "open",
      "session_started",
      "transcript",
      "session_ended",
      "close",
    ]);
    expect(names).toEqual(expect.arrayContaining(["state connecting", "state listening", "state ended"]));
  });

  /** What the page changes is seen at once. */
  test("follows its attributes and properties", async () => {
    const { page } = scene;
    await openWidget(scene, site, {
      attributes: 'mode="chat"',
      config: { ctaName: "From the agent", position: "top-left" },
    });
    expect(await page.locator(".launcher").innerText()).toBe("From the agent");
    expect(await page.locator(".root").getAttribute("data-position")).toBe("top-left");

    await page.evaluate(() => {
      const widget = document.querySelector("vivavoce-widget");
      if (widget) {
        widget.ctaName = "From the page";
      }
      widget?.setAttribute("position", "bottom-left");
    });

    await until(
      "the page's words",
      async () => (await page.locator(".launcher").innerText()) === "From the page",
    );
    expect(await page.locator(".root").getAttribute("data-position")).toBe("bottom-left");
  });

  /** A server that cannot be reached leaves a button that works when it can. */
  test("is drawn without its configuration, and asks again when it is opened", async () => {
    const { page, server } = scene;
    let asked = 0;
    await page.route("**/embed/config/*", (route) => {
      asked += 1;
      return asked === 1 ? route.abort() : route.fallback();
    });
    await answerEmbed(page, { config: { title: "The bakery" } });
    await page.route("**/embed/config/*", (route) => ((asked += 1) === 1 ? route.abort() : route.fallback()));
    site.pages["/"] = { html: pageWith(server.url, 'assistant-id="0123456789abcdef01234567"') };
    await page.goto(site.url("/", "localhost"));
    await page.locator(".launcher").click();

    await page.getByRole("heading", { name: "The bakery" }).waitFor();
    expect(asked).toBe(2);
  });

  /** The older form: one script and its data attributes. */
  test("is made by a script tag with data attributes", async () => {
    const { page, server } = scene;
    await answerEmbed(page, {});
    const tag = `<script src="${server.url}/sdk/widget.js" data-agent-id="a1" data-position="top-left" data-theme="dark" data-greeting="Good morning!">`;
    site.pages["/"] = { html: `<!doctype html><title>Old</title><body>${tag}</script></body>` };
    await page.goto(site.url("/", "localhost"));
    await page.locator(".launcher").click();

    await page.getByText("Good morning!").waitFor();
    expect(await page.locator("vivavoce-widget").getAttribute("assistant-id")).toBe("a1");
    expect(await page.locator(".root").getAttribute("data-position")).toBe("top-left");
  });

  /** Two tag managers, one page. */
  test("may be loaded twice", async () => {
    const { page, server, complaints } = scene;
    await openWidget(scene, site, { more: `<script src="${server.url}/sdk/widget.js"></script>` });
    await page.locator(".launcher").click();

    await page.locator("textarea").waitFor();
    expect(complaints.texts).toEqual([]);
  });
});
