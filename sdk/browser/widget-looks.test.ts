/** The widget in every state, from the narrowest to the widest, light and dark: pictures, and what must hold in each. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findings } from "./axe.js";
import { picture, SIZES } from "./shots.js";
import { stubScene } from "./stub-scene.js";
import { EXTENSION, type Call } from "./stub-server.js";
import { tone } from "./sound.js";
import { openWidget, type Embed } from "./widget/stub-widget.js";
import { Site } from "./widget/site.js";

interface Look {
  readonly name: string;
  readonly embed?: Embed;
  /** What the server does when the call comes. */
  readonly onCall?: (call: Call) => void;
  /** What the visitor does. */
  readonly act?: (page: Page) => Promise<void>;
  /** What is to be seen. */
  readonly state: string;
}

const open = async (page: Page): Promise<void> => page.locator(".launcher").click();
const talk = async (page: Page): Promise<void> => {
  await open(page);
  await page.locator(".stage .cta-button").click();
};

const greet = (call: Call): void => {
  call.create();
  call.send("agent_start_talking");
  call.send("transcript", { role: "assistant", text: "Hello! This is the bakery. How can I help?" });
  call.send("agent_stop_talking");
};
const ask = (call: Call): void => {
  greet(call);
  call.send("transcript", { role: "user", text: "Do you have rye bread on Saturdays?" });
};
const answer = (call: Call): void => {
  ask(call);
  call.send("agent_start_talking");
  call.send("transcript.delta", {
    role: "assistant",
    text: "Yes, from seven in the morning. See https://bakery.example/bread",
  });
  call.speak(tone(300, 20, 24000));
};
/** The network breaks behind the greeting, and stays away. */
const lose = (call: Call): void => {
  if (call.query.has("resume")) {
    call.socket.terminate();
    return;
  }
  call.create(24000, EXTENSION);
  call.send("transcript", { role: "assistant", text: "Hello! This is the bakery.", turn: 1, seq: 1 });
  setTimeout(() => call.socket.terminate(), 300);
};
const chatted = (call: Call): void => {
  greet(call);
  call.socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { type: string; text?: string };
    if (message.type === "input_text.send") {
      call.send("transcript", { role: "user", text: message.text });
      call.send("agent_start_talking");
      call.send("transcript", {
        role: "assistant",
        text: "We do, from seven in the morning until it is gone. The prices are on https://bakery.example/bread.",
      });
      call.send("agent_stop_talking");
    }
  });
};
const write = async (page: Page): Promise<void> => {
  await open(page);
  await page.locator("textarea").fill("Do you have rye bread on Saturdays?");
  await page.keyboard.press("Enter");
};

const VOICE = 'mode="voice" title="The bakery" cta-name="Talk to us"';
const CHAT = 'mode="chat" title="The bakery" cta-name="Ask the bakery"';
const HYBRID = 'mode="hybrid" title="The bakery"';

const LOOKS: readonly Look[] = [
  { name: "launcher", embed: { attributes: CHAT }, state: "idle" },
  {
    name: "launcher-with-words",
    embed: { attributes: `${VOICE} cta-title="The bakery" cta-subtitle="Usually answers at once"` },
    state: "idle",
  },
  { name: "voice-idle", embed: { attributes: VOICE }, act: open, state: "idle" },
  {
    name: "consent",
    embed: {
      attributes:
        `${VOICE} consent-required consent-content="We record what is said to answer you better.\n\n` +
        `More about it: https://bakery.example/privacy"`,
    },
    act: open,
    state: "consent",
  },
  {
    name: "connecting",
    embed: { attributes: VOICE },
    onCall: () => undefined,
    act: talk,
    state: "connecting",
  },
  { name: "listening", embed: { attributes: VOICE }, onCall: greet, act: talk, state: "listening" },
  { name: "thinking", embed: { attributes: VOICE }, onCall: ask, act: talk, state: "thinking" },
  { name: "speaking", embed: { attributes: VOICE }, onCall: answer, act: talk, state: "speaking" },
  {
    name: "muted",
    embed: { attributes: VOICE },
    onCall: greet,
    act: async (page) => {
      await talk(page);
      await page.locator(".stage .state", { hasText: "Listening" }).waitFor();
      await page.getByRole("button", { name: "Mute" }).click();
    },
    state: "muted",
  },
  { name: "reconnecting", embed: { attributes: VOICE }, onCall: lose, act: talk, state: "reconnecting" },
  {
    name: "chat-reconnecting",
    embed: { attributes: CHAT },
    onCall: lose,
    act: write,
    state: "reconnecting",
  },
  {
    name: "error",
    embed: { attributes: VOICE, refusal: { status: 429, code: "agent_busy" } },
    act: talk,
    state: "error",
  },
  {
    name: "ended",
    embed: { attributes: VOICE },
    onCall: (call) => {
      ask(call);
      call.send("session.closed", { reason: "ended" });
    },
    act: talk,
    state: "ended",
  },
  { name: "chat-empty", embed: { attributes: CHAT }, act: open, state: "idle" },
  { name: "chat", embed: { attributes: CHAT }, onCall: chatted, act: write, state: "listening" },
  { name: "chat-thinking", embed: { attributes: CHAT }, onCall: ask, act: write, state: "thinking" },
  {
    name: "chat-error",
    embed: { attributes: CHAT, refusal: { status: 429, code: "too_many_requests" } },
    act: write,
    state: "error",
  },
  { name: "hybrid-idle", embed: { attributes: HYBRID }, act: open, state: "idle" },
  { name: "hybrid-call", embed: { attributes: HYBRID }, onCall: answer, act: talk, state: "speaking" },
  { name: "hybrid-chat", embed: { attributes: HYBRID }, onCall: chatted, act: write, state: "listening" },
  {
    name: "devices",
    embed: { attributes: VOICE },
    onCall: greet,
    act: async (page) => {
      await talk(page);
      await page.locator(".stage .state", { hasText: "Listening" }).waitFor();
      await page.getByRole("button", { name: "Audio devices" }).click();
    },
    state: "listening",
  },
  {
    name: "arabic",
    embed: { attributes: 'mode="hybrid" lang="ar" position="bottom-left"' },
    onCall: ask,
    act: talk,
    state: "thinking",
  },
  {
    name: "german-tiny",
    embed: { attributes: 'mode="voice" lang="de" size="tiny" border-radius="4" accent-color="#7c3aed"' },
    onCall: ask,
    act: talk,
    state: "thinking",
  },
  {
    name: "compact-brand",
    embed: {
      attributes:
        'mode="hybrid" size="compact" border-radius="28" accent-color="#ffd400" cta-button-color="#ffd400" ' +
        'cta-button-text-color="#ffffff" position="top-left"',
    },
    onCall: chatted,
    act: write,
    state: "listening",
  },
];

describe("the widget", () => {
  const scene = stubScene();
  let site: Site;

  beforeAll(async () => {
    site = await Site.start();
  });
  afterAll(() => site.stop());

  describe.each(["light", "dark"])("in a %s theme", (theme) => {
    /** Nothing violates a rule of WCAG A or AA that a program can check, in any state at any width. */
    test.each(LOOKS)("shows $name", async ({ name, embed = {}, onCall, act, state }) => {
      const { page, server } = scene;
      if (onCall) {
        server.options = { onCall };
      }
      const attributes = `${embed.attributes ?? ""} theme="${theme}"`;
      const night =
        "document.documentElement.style.background = '#0b0c0e'; document.body.style.color = '#eee'";
      await openWidget(scene, site, { ...embed, attributes });
      if (theme === "dark") {
        await page.evaluate(night);
      }
      await act?.(page);
      await page.locator(`.root[data-state="${state}"]`).waitFor({ state: "attached", timeout: 8000 });
      if (name !== "listening" && onCall === chatted) {
        await page.getByText("until it is gone").waitFor();
      }

      for (const size of SIZES.filter(({ scheme }) => scheme === theme)) {
        await page.setViewportSize(size);
        // Two frames: one to lay out, one to paint.
        await page.evaluate(
          () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
        );
        await picture(page, `widget/${name}-${size.width}-${theme}`);

        expect(await findings(page, "vivavoce-widget")).toEqual([]);
        expect(await outside(page)).toEqual([]);
      }
    });
  });
});

/** The buttons and fields that are smaller than a finger, or not wholly in the viewport. */
function outside(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const shadow = document.querySelector("vivavoce-widget")?.shadowRoot;
    return [...(shadow?.querySelectorAll<HTMLElement>("button, select, textarea, .agree") ?? [])]
      .filter((element) => element.checkVisibility())
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(
        ({ box }) =>
          box.width < 43.9 ||
          box.height < 43.9 ||
          box.left < 0 ||
          box.top < 0 ||
          box.right > innerWidth + 0.5 ||
          box.bottom > innerHeight + 0.5,
      )
      .map(({ element, box }) => `${element.className || element.tagName} ${JSON.stringify(box)}`);
  });
}
