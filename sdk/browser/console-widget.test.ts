/** The page of an agent's widget: the preview follows the form, and the two lines work on a page of somebody else. */
import { expect, test } from "vitest";
import { watch } from "./chromium.js";
import { consoleScene } from "./console-scene.js";
import { until } from "./scene.js";
import { Site } from "./widget/site.js";

const scene = consoleScene({
  settings: { VIVAVOCE_STT: "scripted", VIVAVOCE_LLM: "scripted", VIVAVOCE_TTS: "scripted" },
});

const preview = (): ReturnType<typeof scene.page.frameLocator> =>
  scene.page.frameLocator('iframe[title="Preview of the widget"]');
const launcher = (): ReturnType<typeof scene.page.locator> => preview().locator(".launcher");

/** Opens the page of a new agent. @returns The agent's id. */
async function openWidgetPage(document: Record<string, unknown> = {}): Promise<string> {
  const id = await scene.server.agent({ name: "Corner Bakery", ...document });
  await scene.open(`/console/agents/${id}/widget`);
  await launcher().waitFor();
  return id;
}

test("the preview shows what is typed, before it is saved", async () => {
  const id = await openWidgetPage({ widgetConfig: { ctaName: "Old words", theme: "dark" } });
  await until("the stored words", async () => (await launcher().innerText()).includes("Old words"));
  await scene.page.getByLabel("Words on the button").first().fill("Ask the bakery");
  await until("the typed words", async () => (await launcher().innerText()).includes("Ask the bakery"));

  // An emptied field is what a visitor would see without it, not what is stored.
  await scene.page.getByLabel("Words on the button").first().fill("");
  await until("the widget's own words", async () => (await launcher().innerText()).includes("Chat with us"));

  const root = preview().locator(".root");
  await scene.page.getByLabel("Corner of the page").selectOption("top-left");
  await until("the corner", async () => (await root.getAttribute("data-position")) === "top-left");
  const stored = await (
    await fetch(`${scene.server.url}/atoms/v1/agent/${id}/widget-config`, {
      headers: { Authorization: `Bearer ${scene.server.key}` },
    })
  ).json();
  expect(stored).toMatchObject({ data: { ctaName: "Old words", position: "bottom-right" } });
});

test("a colour is typed or picked, and one that cannot be read is warned of", async () => {
  await openWidgetPage();
  const paint = (): Promise<string> =>
    preview()
      .locator(".root")
      .evaluate((root) => (root as HTMLElement).style.getPropertyValue("--accent"));
  const typed = scene.page.getByLabel("Accent", { exact: true });
  await typed.fill("teal");
  await until("the typed colour", async () => (await paint()) === "#008080");
  const picker = scene.page.getByLabel("Pick: Accent", { exact: true });
  expect(await picker.inputValue()).toBe("#008080");

  await picker.fill("#ffee88");
  await until("the picked colour", async () => (await paint()) === "#ffee88");
  expect(await typed.inputValue()).toBe("#ffee88");
  await scene.page.getByText("The text on the accent has a contrast of").waitFor();

  await typed.fill("bluish");
  await scene.page.getByText("“bluish” is no colour that browsers know").waitFor();
});

test("the panel opens in the preview, for desktop and phone, and the form keeps the focus", async () => {
  await openWidgetPage({ widgetConfig: { mode: "hybrid", title: "The bakery" } });
  await scene.check("widget");
  await scene.page.getByRole("button", { name: "Open panel" }).click();
  await preview().locator(".panel").getByText("The bakery").waitFor();
  await scene.page.getByRole("button", { name: "Close panel" }).waitFor();
  expect(await scene.page.evaluate(() => document.activeElement?.textContent)).toBe("Close panel");
  await scene.shot("widget-panel");

  await scene.page.getByRole("button", { name: "Phone" }).click();
  const width = (): Promise<number> =>
    scene.page.locator("iframe").evaluate((frame) => (frame as HTMLElement).offsetWidth);
  await until("the width of a telephone", async () => (await width()) === 375);
  await scene.check("widget-phone");
});

/** An agent that no visitor may talk to any more answers here: nobody has fewer minutes than none. */
test("the widget in the preview is the real one, and does not count as a visitor", async () => {
  await openWidgetPage({ embedLimits: { minutesPerDayPerVisitor: 0.01 } });
  await scene.page.getByRole("button", { name: "Open panel" }).click();
  await preview().locator("textarea").fill("Do you have bread?");
  await preview().locator("textarea").press("Enter");

  await preview().getByText("This is a scripted answer of twelve words").waitFor();
});

test("what does not fit is told beside its field, and what was typed stays", async () => {
  await openWidgetPage();
  await scene.page.getByLabel("Picture of the agent").fill("ada.png");
  await scene.page.getByLabel("Heading of the panel").fill("The bakery");
  await scene.page.getByRole("button", { name: "Save", exact: true }).click();
  await scene.page.locator("#avatarUrl-error").waitFor();
  await until("the focus", () => scene.page.evaluate(() => document.activeElement?.id === "avatarUrl"));
  await scene.check("widget-wrong");

  expect(await scene.page.locator("#avatarUrl-error").textContent()).toContain("begins with https://");
  expect(await scene.page.getByLabel("Heading of the panel").inputValue()).toBe("The bakery");
  // The browser itself remarks on the status of a form that comes back.
  scene.forgive(/422/);
});

test("on a telephone the tab of the page is in view", async () => {
  await scene.page.setViewportSize({ width: 360, height: 900 });
  await openWidgetPage();
  const current = scene.page.locator(".tabs [aria-current]");
  const box = await current.boundingBox();

  expect(await current.textContent()).toBe("Widget");
  expect(box!.x).toBeGreaterThan(0);
  expect(box!.x + box!.width).toBeLessThan(360);
});

test("the two lines, pasted into the page of another origin, talk to the agent", async () => {
  await openWidgetPage({ firstMessage: "Welcome to the bakery." });
  await scene.page.getByLabel("Words on the button").first().fill("Ask the bakery");
  await scene.page.getByLabel("Allowed hosts").fill("127.0.0.1");
  await scene.page.getByRole("button", { name: "Save", exact: true }).click();
  await scene.page.getByText("Pages show the widget so from now on.").waitFor();
  await scene.page.getByRole("button", { name: "Copy the lines" }).click();
  await scene.page.getByText("Copied").waitFor();
  const lines = await scene.page.evaluate(() => navigator.clipboard.readText());
  expect(lines.split("\n").length).toBe(2);

  const site = await Site.start();
  try {
    site.pages["/"] = {
      html: `<!doctype html><html lang="en"><title>A shop</title><body><h1>A shop</h1>${lines}</body></html>`,
    };
    const shop = await scene.context.newPage();
    const complaints = await watch(shop);
    await shop.goto(site.url());
    await shop.locator(".launcher", { hasText: "Ask the bakery" }).click();
    await shop.locator("textarea").fill("Do you have bread?");
    await shop.keyboard.press("Enter");
    await shop.getByText("This is a scripted answer of twelve words").waitFor();

    expect(complaints.texts).toEqual([]);
  } finally {
    await site.stop();
  }
});
