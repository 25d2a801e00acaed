/** Webhooks, their deliveries, and the refusals of public pages, as a person works with them. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { consoleScene, fresh } from "./console-scene.js";

const scene = consoleScene({
  settings: {
    VIVAVOCE_WEBHOOK_PRIVATE: "on",
    VIVAVOCE_STT: "scripted",
    VIVAVOCE_LLM: "scripted",
    VIVAVOCE_TTS: "scripted",
  },
});

/** A receiver of webhooks: what came, and what it answers. */
let receiver: Server;
let url: string;
let answers: number[];
const got: { headers: IncomingMessage["headers"]; body: string }[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});
afterAll(() => receiver.close());
beforeEach(() => {
  answers = [];
  got.length = 0;
});

const button = (name: string) => scene.page.getByRole("button", { name });

/** Registers a webhook by the form; returns the path of its address. */
async function register(name: string): Promise<string> {
  const path = `/${fresh(name)}`;
  await scene.open("/console/webhooks/new");
  await scene.page.getByLabel("Address").fill(`${url}${path}`);
  await scene.page.getByLabel("What it is for").fill("Orders");
  await scene.page.getByLabel("Own headers").fill("X-Shop: one\nAuthorization: Bearer shop");
  await scene.page.getByLabel("After a call of Vivavoce guide").check();
  await button("Register the webhook").click();
  await scene.page.waitForURL(/\/console\/webhooks\/[0-9a-f]{24}$/);
  return path;
}

test("without webhooks, the page says what to do", async () => {
  await scene.open("/console/webhooks");
  await scene.check("webhooks-empty");

  expect(await scene.page.getByRole("link", { name: "New webhook" }).count()).toBe(2);
});

test("a slip in the form is told beside its field, and nothing that was typed is lost", async () => {
  await scene.open("/console/webhooks/new");
  await scene.check("webhook-new");
  await scene.page.getByLabel("Address").fill(`${url}/slip`);
  await scene.page.getByLabel("Own headers").fill("Authorization Bearer shop");
  await scene.page.getByLabel("After a call of Vivavoce guide").check();
  await button("Register the webhook").click();
  const error = scene.page.locator("#headers-error");
  await error.waitFor();
  await scene.check("webhook-slip");
  const [complaint] = scene.complaints.texts.splice(0);

  expect(complaint).toContain("422");
  expect(await error.innerText()).toContain("Line 1 has no colon");
  expect(await scene.page.getByLabel("Address").inputValue()).toBe(`${url}/slip`);
  expect(await scene.page.getByLabel("After a call of Vivavoce guide").isChecked()).toBe(true);
});

test("a webhook is registered, tested, and its delivery looked at and sent again", async () => {
  await register("hook");
  await scene.check("webhook-fresh");
  await button("Send a test").click();
  await scene.page.waitForURL("**/deliveries/**");
  await scene.page.getByText("The test has arrived").waitFor();
  await scene.check("delivery");
  const [first] = got;
  await button("Send again").click();
  await expect.poll(() => got.length, { timeout: 10_000 }).toBe(2);
  await expect
    .poll(() => scene.page.locator("#state").innerText(), { timeout: 10_000 })
    .toMatch(/arrived[^]*Attempts\s+2/);

  expect(first?.headers).toMatchObject({ "x-shop": "one", authorization: "Bearer shop" });
  expect(got[1]?.body).toBe(first?.body);
  expect(await scene.page.locator("#delivery-body").innerText()).toContain('"isTest": true');
});

test("a test that is refused says so, and the log shows what came back", async () => {
  const path = await register("broken");
  answers = [500];
  await button("Send a test").click();
  await scene.page.getByText("The test did not arrive: it answered 500.").waitFor();
  await scene.check("delivery-failed");
  await scene.page.getByRole("link", { name: "← Webhook" }).click();
  await scene.page.getByRole("cell", { name: "It answered 500" }).waitFor();
  await scene.page.getByText("Show the secret").click();
  await scene.check("webhook-log");
  await scene.open("/console/webhooks");
  await scene.check("webhooks");

  expect(await scene.page.getByRole("row", { name: path }).innerText()).toContain("given up");
});

test("ticks stay while other agents are looked for", async () => {
  const name = fresh("Night porter");
  await scene.server.agent({ name });
  await register("ticks");
  await scene.page.getByRole("link", { name: "Edit" }).click();
  await scene.page.getByLabel("Find an agent").fill("porter");
  await scene.page.getByLabel(`Before a call of ${name}`).check();
  await scene.page.getByLabel("Find an agent").fill("nobody of this name");
  await scene.page.getByLabel(`Before a call of ${name}`).waitFor();
  await scene.check("webhook-edit");
  await button("Save").click();
  await scene.page.getByText("The webhook is saved.").waitFor();

  expect(await scene.page.locator("#about ~ dl").innerText()).toContain(`${name}: before a call`);
});

test("a webhook is switched off, and deleted when asked", async () => {
  const path = await register("short-lived");
  await button("Switch off").click();
  await scene.page.getByText("off: told of nothing new").waitFor();
  await scene.page.getByRole("link", { name: "Delete" }).click();
  const dialog = scene.page.getByRole("dialog");
  await dialog.waitFor();
  await scene.check("webhook-delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await scene.page.getByText("The webhook is deleted.").waitFor();

  expect(await scene.page.getByText(path).count()).toBe(0);
});

test("what public pages were refused is shown with what to do", async () => {
  await scene.open("/console/refusals");
  await scene.check("refusals-empty");
  const name = fresh("Shop");
  const agentId = await scene.server.agent({ name, widgetConfig: { allowlist: ["shop.example"] } });
  const copycat = `https://${fresh("copycat")}.example`;
  for (const origin of [copycat, copycat, "https://other.example"]) {
    await fetch(`${scene.server.url}/embed/token`, {
      method: "POST",
      headers: { Origin: origin, "Content-Type": "application/json" },
      body: JSON.stringify({ assistantId: agentId, mode: "webcall" }),
    });
  }
  await expect
    .poll(
      async () => {
        await scene.open("/console/refusals");
        return scene.page.getByRole("row", { name: copycat }).count();
      },
      { timeout: 10_000 },
    )
    .toBe(1);
  await scene.check("refusals");
  await scene.page.getByLabel("Reason").selectOption("agent_busy");
  await scene.page.getByText("Nothing like this was refused").waitFor();
  await scene.check("refusals-none-such");
  await scene.page.getByLabel("Reason").selectOption("host_not_allowed");
  const link = scene.page.getByRole("link", { name: `Widget of ${name}` });

  expect(await link.getAttribute("href")).toBe(`/console/agents/${agentId}/widget`);
  expect(await scene.page.getByRole("row", { name: copycat }).innerText()).toContain("2");
});
