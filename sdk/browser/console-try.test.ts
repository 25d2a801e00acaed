/** The page for trying an agent: a real call from the console, with everything that is shown of it. */
import type { WebSocketRoute } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { QUESTION } from "./call-scene.js";
import { launchChromium, watch, type Launch } from "./chromium.js";
import { consoleScene } from "./console-scene.js";
import { pause, until } from "./scene.js";
import { sequence, withWav } from "./sound.js";
import { StubModel } from "./stub-model.js";

/** When the visitor speaks after the microphone has opened, in seconds. */
const SPEAKS_AT_S = 2.5;
const HOURS = "## When are you open?\n\nFrom seven to six, Monday to Saturday.";

/** About ten seconds. */
const GREETING = "Welcome to the bakery, where the bread is fresh. ".repeat(7).trim();

const model = await StubModel.start();
afterAll(() => model.stop());
const scene = consoleScene({
  settings: { VIVAVOCE_STT: "scripted", VIVAVOCE_TTS: "scripted", ...model.settings },
});

const state = (): Promise<string | null> => scene.page.locator("#state").textContent();
const said = (who: "user" | "agent"): Promise<string[]> =>
  scene.page.locator(`#log .${who} .said`).allTextContents();
const button = (name: string): ReturnType<typeof scene.page.getByRole> =>
  scene.page.getByRole("button", { name, exact: true });

/** Opens the page of a new agent. @returns The agent's id. */
async function tryAgent(document: Record<string, unknown> = {}): Promise<string> {
  const id = await scene.server.agent({
    name: "Corner Bakery",
    globalPrompt: "You sell bread.",
    ...document,
  });
  await scene.open(`/console/agents/${id}/try`);
  await button("Talk").waitFor();
  return id;
}

async function write(text: string): Promise<void> {
  await scene.page.getByLabel("Write to the agent").fill(text);
  await scene.page.keyboard.press("Enter");
}

/** Goes on in a browser of its own, with another microphone. */
async function inBrowser(launch: Launch, use: () => Promise<void>): Promise<void> {
  const chromium = await launchChromium(launch);
  try {
    await scene.context.close();
    scene.context = await chromium.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: "reduce",
      locale: "en-GB",
    });
    scene.page = await scene.context.newPage();
    scene.complaints = await watch(scene.page);
    await scene.signIn();
    await use();
  } finally {
    await chromium.close();
  }
}

/** The rows of a waterfall: the stage and its milliseconds. */
async function stages(index: number): Promise<[string, number][]> {
  const rows = scene.page.locator("#log .waterfall").nth(index).locator("tr");
  const texts = await rows.evaluateAll((found) =>
    found.map((row) => [row.querySelector("th")?.textContent ?? "", row.lastElementChild?.textContent ?? ""]),
  );
  return texts.map(([name = "", ms = ""]) => [name, Number(ms.replace(/\D/g, ""))]);
}

test("the page says what can be done before the first call", async () => {
  await tryAgent();
  await scene.check("try");

  expect(await scene.page.locator("#nothing").isVisible()).toBe(true);
  expect(await button("End").isVisible()).toBe(false);
});

test("a spoken turn shows what both sides say and where the time went", async () => {
  await withWav(sequence([[SPEAKS_AT_S, QUESTION]], 60), async (microphone) => {
    await inBrowser({ microphone, once: true }, async () => {
      model.answer = () => "We have rye bread and rolls, fresh from the oven.";
      await tryAgent();
      await button("Talk").click();
      await until(
        "an answer",
        async () => (await said("agent")).some((text) => text.includes("rolls")),
        30_000,
      );
      await until("playback", async () =>
        (await stages(0).catch(() => [])).some(([name]) => name === "Playback"),
      );

      expect(await said("user")).toEqual(["words of the utterance"]);
      const found = await stages(0);
      expect(found.map(([name]) => name)).toEqual([
        "End of turn",
        "Speech to text",
        "Language model",
        "Voice",
        "Network",
        "Playback",
        "Until it was heard",
      ]);
      const total = found.at(-1)?.[1] ?? 0;
      expect(found.slice(0, -1).reduce((sum, [, ms]) => sum + ms, 0)).toBe(total);
      // The server waits for silence before it takes a turn as over.
      expect(Object.fromEntries(found)["End of turn"]).toBeGreaterThan(100);

      await scene.page.locator("#log .waterfall summary").click();
      await scene.check("try-spoken");
      await button("End").click();
      await until("the end", async () => (await state()) === "You ended the call");
      const record = scene.page.locator("#record");
      expect(await record.getAttribute("href")).toMatch(/^\/console\/calls\/CALL-/);
      await scene.shot("try-ended");
    });
  });
});

test("a turn that the visitor talks over is marked, and a greeting has no waterfall", async () => {
  await withWav(sequence([[SPEAKS_AT_S, QUESTION]], 60), async (microphone) => {
    await inBrowser({ microphone, once: true }, async () => {
      model.answer = () => "Certainly.";
      await tryAgent({ firstMessage: "Welcome to the bakery. ".repeat(20).trim() });
      await button("Talk").click();
      await until("an answer", async () => (await said("agent")).includes("Certainly."), 30_000);
      await until("its stages", async () => (await scene.page.locator("#log .waterfall").count()) > 0);

      expect(await scene.page.locator("#log .agent .mark").allTextContents()).toEqual(["interrupted", ""]);
      expect(await scene.page.locator("#log .agent").last().locator(".waterfall").count()).toBe(1);
      expect(await scene.page.locator("#log .waterfall").count()).toBe(1);
    });
  });
});

test("words are lit as they are heard, and a network that is lost is shown until it is back", async () => {
  const sockets: WebSocketRoute[] = [];
  let isDown = false;
  await scene.page.routeWebSocket(/\/agent\/connect/, (socket) => {
    sockets.push(socket);
    if (isDown) {
      void socket.close({ code: 1012 });
    } else {
      socket.connectToServer();
    }
  });
  await tryAgent({ firstMessage: GREETING });
  await button("Talk").click();
  await until("a word", async () => (await scene.page.locator("#log .fresh").count()) === 1, 20_000);
  await until(
    "some words",
    async () => (await said("agent"))[0]?.startsWith("Welcome to the bakery") === true,
  );
  await scene.check("try-words");
  isDown = true;
  await sockets[0]!.close({ code: 1012 });
  await until("the loss", async () => (await state()) === "Reconnecting …");
  await scene.check("try-reconnecting");
  isDown = false;
  await until("its return", async () => ["Talking", "Listening"].includes((await state()) ?? ""), 20_000);
  await until("the whole greeting", async () => (await said("agent"))[0] === GREETING, 40_000);

  expect(sockets.length).toBeGreaterThan(1);
});

test("a chat shows the tools that are used, with what they were asked and answered", async () => {
  model.answer = ({ role, content }) =>
    role === "tool"
      ? "We open at seven."
      : String(content).includes("open")
        ? { tool: "search", arguments: { query: "opening hours" } }
        : "Ask me about bread.";
  await tryAgent({
    knowledge: HOURS,
    singlePromptConfig: {
      prompt: "You sell bread.",
      tools: [{ type: "knowledge_base_search", name: "search", description: "Searches." }],
    },
  });
  await button("Chat").click();
  await until("an open chat", async () => (await state()) === "Write something");
  expect(await scene.page.evaluate(() => document.activeElement?.id)).toBe("text");
  expect(await button("Mute").isVisible()).toBe(false);
  await write("When do you open?");
  await until("an answer", async () => (await said("agent")).includes("We open at seven."));
  await until("its stages", async () => (await scene.page.locator("#log .waterfall").count()) === 1);

  const tool = scene.page.locator("#log .tool");
  expect(await tool.locator("summary").textContent()).toMatch(/^searchanswered, \d+ ms$/);
  await tool.locator("summary").click();
  expect(await tool.locator("pre").allTextContents()).toEqual([
    '{\n  "query": "opening hours"\n}',
    expect.stringContaining("From seven to six"),
  ]);
  expect((await stages(0)).map(([name]) => name)).toEqual([
    "Language model",
    "Network",
    "Until it was heard",
  ]);
  await scene.check("try-chat");
});

test("a changed setting is in force at the next call, and not in the one that goes on", async () => {
  model.answer = () => "Certainly.";
  await tryAgent({ firstMessage: "Hello." });
  await button("Chat").click();
  await until("the greeting", async () => (await said("agent")).includes("Hello."));
  await scene.page.getByLabel("Greeting", { exact: true }).fill("Good day, this is the bakery.");
  await button("Save").click();
  await scene.page.getByText("Saved. The next call uses it.").waitFor();
  // The conversation has been left alone.
  expect(await said("agent")).toEqual(["Hello."]);

  await button("End").click();
  await button("Chat").click();
  await until("the new greeting", async () =>
    (await said("agent")).includes("Good day, this is the bakery."),
  );
});

test("settings that are not saved are mentioned when a call begins", async () => {
  await tryAgent();
  await scene.page.getByLabel("Greeting", { exact: true }).fill("Not yet.");
  await button("Chat").click();

  await scene.page.getByText("this call uses those that were saved before").waitFor();
});

test("a setting that does not fit is told beside its field", async () => {
  await tryAgent();
  await scene.page.getByLabel("Greeting", { exact: true }).fill("x".repeat(501));
  await button("Save").click();
  await scene.page.locator("#firstMessage-error").waitFor();
  await scene.check("try-wrong");

  expect(await scene.page.locator("#firstMessage-error").textContent()).toContain("500 characters");
  // The browser itself remarks on the status of a form that comes back.
  scene.forgive(/422/);
});

test("the microphone is open only while the button or the space bar is held", async () => {
  await tryAgent();
  const level = (): Promise<number> =>
    scene.page.locator("#input-level").evaluate((meter: HTMLMeterElement) => meter.value);
  await scene.page.getByLabel("Push to talk").check();
  await button("Talk").click();
  await until("a call", async () => (await state()) === "Listening");
  expect([await button("Mute").isVisible(), await button("Hold to talk").isVisible()]).toEqual([false, true]);
  await pause(700);
  expect(await level()).toBe(0);

  await scene.page.locator("h1").click();
  await scene.page.keyboard.down("Space");
  await until("a level while the space bar is held", async () => (await level()) > 0.1);
  await scene.page.keyboard.up("Space");
  await until("silence", async () => (await level()) === 0);

  await button("Hold to talk").hover();
  await scene.page.mouse.down();
  await until("a level while the button is held", async () => (await level()) > 0.1);
  await scene.page.mouse.up();
  await until("silence", async () => (await level()) === 0);
});

test("a muted microphone sends nothing, and the button says so", async () => {
  await tryAgent();
  await button("Talk").click();
  await until("a call", async () => (await state()) === "Listening");
  await button("Mute").click();

  expect(await button("Muted").getAttribute("aria-pressed")).toBe("true");
  expect(await scene.page.locator("#input-level").evaluate((meter: HTMLMeterElement) => meter.value)).toBe(0);
});

test("a microphone that is refused is explained, and the page can be used again", async () => {
  await inBrowser({ permission: "deny" }, async () => {
    await tryAgent();
    await button("Talk").click();
    await scene.page.getByText("The microphone is blocked. Allow it in the address bar").waitFor();

    expect(await state()).toBe("Ready when you are");
    expect(await button("Talk").isVisible()).toBe(true);
    await scene.check("try-refused");
  });
});

test("an archived agent cannot be tried, and the page says what to do", async () => {
  const id = await scene.server.agent({ name: "Old" });
  await fetch(`${scene.server.url}/atoms/v1/agent/${id}/archive`, {
    method: "DELETE",
    headers: { Authorization: `Bearer ${scene.server.key}` },
  });
  await scene.open(`/console/agents/${id}/try`);

  await scene.page.getByText("Bring it back on the page of its settings").waitFor();
  await scene.check("try-archived");
});
