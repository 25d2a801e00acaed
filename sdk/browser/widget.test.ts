/** The widget on somebody else's page, against the real server: its own routes, recognition and speech. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GREETING_S, QUESTION, withVisitor } from "./call-scene.js";
import { devices } from "./chromium.js";
import { microphoneReleased, until } from "./scene.js";
import { sequence, silence } from "./sound.js";
import { pageWith, Site, strictPolicy } from "./widget/site.js";
import { hasServer, Vivavoce } from "./vivavoce.js";

describe.runIf(hasServer)("the widget and the real server", () => {
  let server: Vivavoce;
  let site: Site;

  beforeAll(async () => {
    server = await Vivavoce.start();
    site = await Site.start();
  });
  afterAll(async () => {
    await (site as Site | undefined)?.stop();
    await (server as Vivavoce | undefined)?.stop();
  });

  const widget = (attributes: string, agentId = server.agentId): string =>
    pageWith(server.url, `assistant-id="${agentId}" ${attributes}`);

  const strict = { "Content-Security-Policy": "" };
  const linesOf = (page: Page, speaker: string): Promise<string[]> =>
    page.locator(`li[data-speaker="${speaker}"][data-settled="true"] > span`).allInnerTexts();

  /** Its host is another one, and its policy allows nothing but its own files and our server. */
  test("talks on a foreign page under a strict policy", async () => {
    await withVisitor(sequence([[GREETING_S, QUESTION]], 20), async (page, complaints) => {
      strict["Content-Security-Policy"] = strictPolicy(server.url);
      site.pages["/"] = { html: widget('mode="voice"'), headers: strict };
      await page.goto(site.url());
      await page.locator(".launcher").click();
      await page.locator(".stage .cta-button").click();
      await page.locator('.root[data-state="speaking"]').waitFor({ state: "attached", timeout: 20_000 });
      await until("sound on the ring", () =>
        page
          .locator(".ring")
          .evaluate((ring) => Number((ring as HTMLElement).style.getPropertyValue("--out")) > 0.1),
      );
      await until("an answer", async () => (await linesOf(page, "agent")).length > 1, 45_000);

      expect((await linesOf(page, "agent"))[0]).toContain("Hello");
      expect((await linesOf(page, "user")).join(" ").toLowerCase()).toContain("people");

      await page.locator(".hang-up").click();
      await microphoneReleased(page);
      expect(complaints.texts).toEqual([]);
    });
  });

  /** Writing asks for no microphone, and the first message opens the conversation. */
  test("chats without touching the microphone", async () => {
    await withVisitor(silence(10), async (page, complaints) => {
      site.pages["/"] = {
        html: widget('mode="chat"'),
        headers: { "Content-Security-Policy": strictPolicy(server.url) },
      };
      await page.goto(site.url());
      await page.locator(".launcher").click();
      await page.locator("textarea").fill("What does it cost?");
      await page.keyboard.press("Enter");
      await until(
        "greeting, question and answer",
        async () => (await linesOf(page, "agent")).length > 1 && (await linesOf(page, "user")).length > 0,
        30_000,
      );

      expect(
        await page
          .locator("li[data-speaker]")
          .evaluateAll((all) => all.map((one) => one.getAttribute("data-speaker"))),
      ).toEqual(["agent", "user", "agent"]);
      expect(await devices(page)).toEqual({ tracks: [], contexts: [] });
      expect(complaints.texts).toEqual([]);
    });
  });

  /** A frame that was given the microphone is a page like any other. */
  test("talks inside an iframe that may use the microphone", async () => {
    await withVisitor(silence(30), async (page) => {
      site.pages["/frame"] = { html: widget('mode="voice"') };
      site.pages["/"] = {
        html: `<iframe src="${site.url("/frame")}" allow="microphone" width="600" height="700"></iframe>`,
      };
      await page.goto(site.url("/", "localhost"));
      const frame = page.frameLocator("iframe");
      await frame.locator(".launcher").click();
      await frame.locator(".stage .cta-button").click();

      await frame.locator('.root[data-state="speaking"]').waitFor({ state: "attached", timeout: 20_000 });
    });
  });

  /** The visitor cannot mend it; he is told what he can do, and the page's owner what is missing. */
  test("says what is missing inside an iframe that may not", async () => {
    await withVisitor(silence(10), async (page, complaints) => {
      site.pages["/frame"] = { html: widget('mode="voice"') };
      site.pages["/"] = { html: `<iframe src="${site.url("/frame")}" width="600" height="700"></iframe>` };
      await page.goto(site.url("/", "localhost"));
      const frame = page.frameLocator("iframe");
      await frame.locator(".launcher").click();
      await frame.locator(".stage .cta-button").click();
      await frame.getByText("This page may not use the microphone").waitFor();

      expect(complaints.texts.join()).toContain('allow="microphone"');
    });
  });

  /** Whatever a page does with its elements, no microphone stays open behind it. */
  test("releases the microphone when it is removed in mid-call", async () => {
    await withVisitor(silence(30), async (page) => {
      site.pages["/"] = { html: widget('mode="voice"') };
      await page.goto(site.url());
      await page.locator(".launcher").click();
      await page.locator(".stage .cta-button").click();
      await page.locator('.root[data-state="speaking"]').waitFor({ state: "attached", timeout: 20_000 });
      await page.evaluate(() => document.querySelector("vivavoce-widget")?.remove());

      await microphoneReleased(page);
      await until("a closed audio context", async () =>
        (await devices(page)).contexts.every((it) => it === "closed"),
      );
    });
  });

  /** The owner reads once, in the console, which host to allow and where; the visitor a neutral sentence. */
  test("is refused on a host that the agent does not allow", async () => {
    const agentId = await server.agent({ name: "Elsewhere", widgetConfig: { allowlist: ["shop.example"] } });
    await withVisitor(silence(10), async (page, complaints) => {
      site.pages["/"] = { html: widget('mode="voice"', agentId) };
      await page.goto(site.url());
      await page.locator(".launcher").click();
      await page.getByText("This assistant is not available on this page.").waitFor();
      await page.locator(".stage .cta-button").click();
      await page.getByText("This assistant is not available on this page.").waitFor();
      const said = complaints.texts.filter((text) => text.includes("Vivavoce"));

      expect(said.length).toBe(1);
      expect(said[0]).toContain('may not be embedded on "127.0.0.1"');
      expect(said[0]).toContain("Add 127.0.0.1 to the agent's allowed hosts");
    });
  });

  /** Only the host in the script tag changes. */
  test("serves a page that was written for the widget of Atoms", async () => {
    await withVisitor(silence(10), async (page) => {
      site.pages["/"] = {
        html:
          `<!doctype html><title>Old</title><atoms-widget assistant-id="${server.agentId}"></atoms-widget>` +
          `<script src="${server.url}/npm/atoms-widget-core@latest/dist/embed/widget.umd.js"></script>`,
      };
      await page.goto(site.url());
      await page.locator("atoms-widget .launcher").click();

      await page.locator("atoms-widget textarea").waitFor();
    });
  });
});
