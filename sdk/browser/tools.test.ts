/** Tools that a page registers, called by an agent of the real server in the middle of a spoken conversation. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchChromium, watch } from "./chromium.js";
import { connect, eventsOf, until } from "./scene.js";
import { silence, withWav } from "./sound.js";
import { hasServer, Vivavoce } from "./vivavoce.js";

/** The scripted brain calls the tool that is named to it, and reads its answer out. */
const SCRIPTED = { VIVAVOCE_STT: "scripted", VIVAVOCE_LLM: "scripted", VIVAVOCE_TTS: "scripted" };

const ORDER_TOOL = /```js\n(agent\.registerTool\(\n {2}"find_order".*?)```/s;

/** The SDK's agent, as far as these tests use it in the page. */
interface ToolAgent {
  registerTool(
    name: string,
    schema: object | null,
    handler: (args: Record<string, unknown>) => unknown,
  ): void;
  on(name: string, handler: (event: unknown) => void): void;
  sendText(text: string): void;
}

describe.runIf(hasServer)("tools on the real server", () => {
  let server: Vivavoce;

  beforeAll(async () => {
    server = await Vivavoce.start(SCRIPTED);
  });
  afterAll(async () => {
    await (server as Vivavoce | undefined)?.stop();
  });

  /** An agent without a greeting, so that all it says is about tools. */
  const createAgent = (document: Record<string, unknown> = {}): Promise<string> =>
    server.agent({ name: "Tools", ...document });

  /** Opens a call of a silent visitor, and keeps what becomes of the page's tools. */
  async function inCall(agentId: string, use: (page: Page) => Promise<void>): Promise<void> {
    await withWav(silence(60), async (microphone) => {
      const chromium = await launchChromium({ microphone });
      try {
        const page = await chromium.newPage();
        const complaints = await watch(page);
        await page.goto(`${server.url}/smoke.html`);
        await page.evaluate(() => {
          const button = document.createElement("button");
          button.id = "go";
          document.body.append(button);
        });
        await page.evaluate(readFileSync(new URL("./bare/page.js", import.meta.url), "utf8"));
        expect(await connect(page, { apiKey: server.key, agentId })).toEqual({ connected: true });
        await page.evaluate(() => {
          const agent = window.agent as unknown as ToolAgent;
          for (const name of ["tools_declared", "tools_refused"]) {
            agent.on(name, (event) => window.events.push([name, event]));
          }
        });
        await use(page);
        expect(complaints.texts).toEqual([]);
      } finally {
        await chromium.close();
      }
    });
  }

  const happened = async (page: Page, name: string): Promise<unknown[][]> =>
    (await eventsOf(page)).filter(([found]) => found === name);

  /** Says something to the agent in writing, and waits for what it answers. */
  async function answerTo(page: Page, text: string): Promise<string> {
    const said = async (): Promise<string[]> =>
      (await happened(page, "transcript"))
        .map(([, event]) => event as { role: string; text: string })
        .filter(({ role }) => role !== "user")
        .map((event) => event.text);
    const before = (await said()).length;
    await page.evaluate((words) => (window.agent as unknown as ToolAgent).sendText(words), text);
    await until("the agent's answer", async () => (await said()).length > before, 20_000);
    return (await said())[before] ?? "";
  }

  /** The code of the documentation as printed, against a back end that the page asks. */
  test("run the documentation's tool when the agent calls it", async () => {
    const [, code] =
      ORDER_TOOL.exec(readFileSync(new URL("../../docs/tools.md", import.meta.url), "utf8")) ?? [];
    expect(code).toBeDefined();
    await inCall(await createAgent(), async (page) => {
      await page.route("**/orders/A-7", (route) => route.fulfill({ json: { state: "on its way" } }));
      await page.evaluate(`{ const agent = window.agent; ${code ?? ""} }`);
      await until("the declared tool", async () => (await happened(page, "tools_declared")).length > 0);

      expect(await happened(page, "tools_declared")).toEqual([["tools_declared", { tools: ["find_order"] }]]);
      expect(await answerTo(page, 'call tool find_order {"number": "A-7"}')).toBe(
        'The tool says: {"state":"on its way"}',
      );
      const [[, called] = []] = await happened(page, "function_call");
      expect(called).toMatchObject({ name: "find_order", arguments: { number: "A-7" } });
    });
  });

  /** What fails is spoken of, what is slow is announced, and what never answers ends. */
  test("are never waited for in silence", async () => {
    await inCall(await createAgent(), async (page) => {
      await page.evaluate(() => {
        const agent = window.agent as unknown as ToolAgent;
        agent.registerTool("broken", { description: "Fails." }, () => {
          throw new Error("the shop is closed");
        });
        agent.registerTool(
          "slow",
          { description: "Takes long.", timeoutMs: 20_000 },
          () => new Promise((resolve) => setTimeout(() => resolve("at last"), 3000)),
        );
        agent.registerTool(
          "endless",
          { description: "Never ends.", timeoutMs: 1000 },
          () => new Promise(() => undefined),
        );
      });
      await until("the declared tools", async () => (await happened(page, "tools_declared")).length > 0);

      expect(await answerTo(page, "call tool broken {}")).toBe(
        "The tool says: The tool failed: the shop is closed",
      );
      expect(await answerTo(page, "call tool slow {}")).toBe("One moment, please. The tool says: at last");
      expect(await answerTo(page, "call tool endless {}")).toBe(
        "The tool says: The tool did not answer in time.",
      );
      expect(await happened(page, "error")).toMatchObject([["error", { code: "tool_timeout" }]]);
    });
  });

  /** A tool of the agent's document gets its arguments as text on the wire, and as an object in the page. */
  test("of the agent's document run without being declared", async () => {
    const tool = { type: "client_tool", name: "show_map", description: "Shows.", timeout: 5000 };
    const agentId = await createAgent({
      singlePromptConfig: { tools: [tool] },
      clientToolsManagedByConfig: true,
    });
    await inCall(agentId, async (page) => {
      await page.evaluate(() => {
        const agent = window.agent as unknown as ToolAgent;
        agent.registerTool("show_map", null, ({ place }) => `here is ${String(place)}`);
      });

      expect(await answerTo(page, 'call tool show_map {"place": "Ulm"}')).toBe("The tool says: here is Ulm");

      await page.evaluate(() => {
        (window.agent as unknown as ToolAgent).registerTool("mine", { description: "Mine." }, () => "never");
      });
      await until("the refusal", async () => (await happened(page, "tools_refused")).length > 0);
      expect(await happened(page, "tools_refused")).toMatchObject([
        ["tools_refused", { code: "client_tools_managed_by_config" }],
      ]);
    });
  });
});
