/** Agents in the console: listed, made, set up, copied, archived, as a person does it. */
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { consoleScene, fresh } from "./console-scene.js";

const scene = consoleScene({
  settings: { VIVAVOCE_STT: "scripted", VIVAVOCE_LLM: "scripted", VIVAVOCE_TTS: "scripted" },
});

const RICH = {
  name: "Corner Bakery",
  description: "Answers what customers ask on the telephone all day.",
  firstMessage: "Good day, {{customer_name}}. What can I do for you?",
  singlePromptConfig: {
    prompt: "You are the voice of Corner Bakery.\n\nAnswer in one or two short sentences.",
    tools: [
      {
        type: "client_tool",
        name: "add_to_basket",
        description: "Puts something into the visitor's basket.",
        parameters: [
          { name: "what", type: "text", description: "The article.", required: true },
          { name: "count", type: "number", description: "How many.", required: false },
        ],
        timeout: 5000,
        fillerPhrases: ["I am putting it into your basket.", "Just a second."],
      },
      { type: "knowledge_base_search", name: "search" },
      { type: "api_call", name: "orders", url: "https://shop.example" },
    ],
  },
  defaultVariables: { customer_name: "dear guest", city: "Bern" },
  pronunciationDicts: [
    { word: "SQL", pronunciation: "sequel" },
    { word: "gif", pronunciation: "jiff" },
  ],
  postCallAnalyticsConfig: {
    dispositionMetrics: [
      {
        identifier: "mood",
        dispositionMetricPrompt: "In which mood was the customer?",
        dispositionMetricType: "ENUM",
        choices: ["good", "bad"],
      },
    ],
  },
};

async function document(id: string): Promise<Record<string, unknown>> {
  return scene.server.get(`/atoms/v1/agent/${id}`);
}

/** Chromium complains of every page that comes with such a status. */
function refused(status: number): void {
  const { texts } = scene.complaints;
  expect(texts.splice(0)).toEqual([expect.stringContaining(`status of ${status}`)]);
}

/** Saves the settings, and waits for the page that says so. */
async function save(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Saved. Calls that begin from now on use it.").waitFor();
}

let ids: string[];
beforeAll(async () => {
  ids = await Promise.all(["Zoe", "Anna"].map((name) => scene.server.agent({ name })));
});

test("the list is searched, ordered, and the id copied", async () => {
  const { page } = scene;
  await scene.open("/console/agents");
  await scene.check("agents");

  await page.getByLabel("Search by name").fill("zo");
  await page.getByRole("link", { name: "Anna", exact: true }).waitFor({ state: "detached" });
  expect(await page.locator("tbody tr").count()).toBe(1);

  await page.getByRole("button", { name: "Copy the id of Zoe" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(ids[0]);

  await page.getByLabel("Search by name").fill("nobody");
  await page.getByText("No agent of that name").waitFor();
  await scene.check("agents-none");

  await page.getByLabel("Search by name").fill("");
  await page.getByLabel("Order").selectOption({ label: "Name" });
  await page.waitForURL(/sort=name/);
  const names = await page.locator("tbody th a").allTextContents();
  expect(names).toEqual([...names].sort((one, other) => one.localeCompare(other)));
});

test("an agent is made from a template", async () => {
  const { page } = scene;
  await scene.open("/console/agents");
  await page.getByRole("link", { name: "New agent" }).click();
  await scene.check("agents-new");
  await page.getByLabel("Name", { exact: true }).fill("Reception");
  await page.getByRole("radio").nth(1).check();
  await page.getByRole("button", { name: "Make the agent" }).click();
  await page.getByText("Reception is made").waitFor();

  expect(await page.getByLabel("Greeting", { exact: true }).inputValue()).not.toBe("");
});

test("a Synthflow widget has a UUID, and the line to copy opens a session", async () => {
  const { page, server } = scene;
  const uuid = crypto.randomUUID();
  await scene.open("/console/agents/new");
  await page.getByLabel("Name", { exact: true }).fill("Old widget");
  await page.getByRole("radio", { name: "As a Synthflow widget" }).check();
  await page.getByLabel("UUID of the assistant").fill(uuid);
  await page.getByRole("button", { name: "Make the agent" }).click();
  await page.getByText("Old widget is made").waitFor();
  const line = (await page.locator("#synthflow-line").textContent()) ?? "";
  const [, url = ""] = /"([^"]+)"/.exec(line) ?? [];

  expect(url).toBe(`${server.url}/websocket/token/${uuid}`);
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${server.key}` } });
  expect(await answer.json()).toHaveProperty("sessionURL");
});

test("settings are changed, and only those", async () => {
  const { page } = scene;
  const id = await scene.server.agent(RICH);
  await scene.open(`/console/agents/${id}`);
  await scene.check("settings");
  const before = await document(id);

  await page.getByLabel("Silence that ends a turn (seconds)").fill("0.8");
  await page.getByLabel("The visitor may interrupt").uncheck();
  await page.getByText("There are changes that are not saved.").waitFor();
  await save(page);

  const after = await document(id);
  expect(after["voiceDetectionConfig"]).toMatchObject({ releaseTimeInSecs: 0.8 });
  expect(after["allowInterruptions"]).toBe(false);
  expect(after["singlePromptConfig"]).toEqual(before["singlePromptConfig"]);
});

test("what is wrong is said beside its field", async () => {
  const { page } = scene;
  const id = await scene.server.agent(RICH);
  await scene.open(`/console/agents/${id}`);
  await page.getByLabel("Speed").fill("9");
  await page.getByLabel("Word as it is written").first().fill("");
  await page.getByLabel("Other name for pages").fill("no spaces");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Nothing is stored yet: 3 settings need another look below.").waitFor();

  expect(await page.getByLabel("Speed").getAttribute("aria-invalid")).toBe("true");
  expect(await page.locator("[id='synthesizer.speed-error']").textContent()).toBe(
    "Expected a number from 0 to 2",
  );
  await scene.check("settings-complaints");
  refused(422);
});

test("rows are added and removed without a new page", async () => {
  const { page } = scene;
  const id = await scene.server.agent(RICH);
  await scene.open(`/console/agents/${id}`);
  await page.getByLabel("Greeting", { exact: true }).fill("Unsaved, and still there");
  await page.getByRole("button", { name: "Add a word" }).click();
  const words = page.getByLabel("Word as it is written");
  await words.nth(2).waitFor();
  await words.nth(2).fill("nginx");
  await page.getByLabel("Spelt for the voice").nth(2).fill("engine x");
  await page.getByRole("button", { name: "Remove word 1" }).click();
  await words.nth(2).waitFor({ state: "detached" });

  await page.getByLabel("What to add").selectOption({ label: "Hanging up" });
  await page.getByRole("button", { name: "Add a tool" }).click();
  await page.getByRole("group", { name: "Hanging up 4" }).waitFor();
  await page.getByRole("button", { name: "Add a parameter" }).first().click();
  await page.getByRole("group", { name: "Parameter 3" }).getByLabel("Name").fill("colour");
  await scene.check("settings-rows");
  await save(page);

  const after = await document(id);
  expect(after["firstMessage"]).toBe("Unsaved, and still there");
  expect(after["pronunciationDicts"]).toEqual([
    { word: "gif", pronunciation: "jiff" },
    { word: "nginx", pronunciation: "engine x" },
  ]);
  const { tools } = after["singlePromptConfig"] as { tools: { name: string; parameters?: unknown[] }[] };
  expect(tools.map((tool) => tool.name)).toEqual(["add_to_basket", "search", "orders", "end_call"]);
  expect(tools[0]?.parameters).toHaveLength(3);
});

test("unsaved changes are asked about before they are left", async () => {
  const { page } = scene;
  const id = await scene.server.agent(RICH);
  await scene.open(`/console/agents/${id}`);
  const asked: string[] = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    void dialog.dismiss();
  });
  await page.getByLabel("Greeting", { exact: true }).fill("Changed");
  await page.getByRole("link", { name: "Knowledge" }).click();
  await expect.poll(() => asked).toEqual(["beforeunload"]);
  expect(page.url()).toContain(id);

  await page.getByLabel("Greeting", { exact: true }).fill(RICH.firstMessage);
  await page.getByRole("link", { name: "Agents", exact: true }).first().click();
  await page.waitForURL(/agents$/);
  expect(asked).toHaveLength(1);
});

test("the second of two people is shown what the first has written", async () => {
  const { page } = scene;
  const id = await scene.server.agent(RICH);
  await scene.open(`/console/agents/${id}`);
  const other = await scene.context.newPage();
  await other.goto(page.url());
  await other.getByLabel("Greeting", { exact: true }).fill("From the first");
  await save(other);
  await other.close();

  await page.getByLabel("Greeting", { exact: true }).fill("From the second");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Nothing is stored yet: somebody else has changed 1 setting").waitFor();
  expect(await page.locator(".theirs pre").textContent()).toBe("From the first");
  await scene.check("settings-conflict");
  refused(409);
  await save(page);

  expect((await document(id))["firstMessage"]).toBe("From the second");
});

test("an agent is copied, archived and brought back", async () => {
  const { page } = scene;
  const id = await scene.server.agent({ name: "Traveller" });
  await scene.open(`/console/agents/${id}`);
  await page.getByRole("button", { name: "Duplicate" }).click();
  await page.getByText("This is a copy of Traveller").waitFor();
  expect(page.url()).not.toContain(id);

  await scene.open(`/console/agents/${id}`);
  await page.getByRole("link", { name: "Archive Traveller" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
  await page.getByText("Traveller is archived.").waitFor();
  // What has just been put into the page listens once it has settled.
  await page.waitForFunction(
    () =>
      globalThis.document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added") ===
      null,
  );
  await page.getByLabel("Show").selectOption({ label: "Archived" });
  await page.getByRole("button", { name: "Bring back Traveller" }).waitFor();
  await scene.check("agents-archived");
  await page.getByRole("button", { name: "Bring back Traveller" }).click();
  await page.getByText("Traveller takes calls again.").waitFor();
});

test("a viewer reads the settings and has no button to change them", async () => {
  const { page, server } = scene;
  const id = await server.agent(RICH);
  const name = fresh("reader");
  server.run("users", "create", name, "--role", "viewer");
  await scene.context.clearCookies();
  await scene.signIn(name);
  await scene.open(`/console/agents/${id}`);

  expect(await page.getByLabel("Greeting", { exact: true }).isDisabled()).toBe(true);
  expect(await page.getByRole("button", { name: "Save changes" }).count()).toBe(0);
  await scene.check("settings-viewer");
});
