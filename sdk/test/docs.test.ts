/** The code that the documentation shows for tools, run as printed in a page whose server the test plays. */
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { settle } from "./fake-browser.js";
import { liveScene, type Scene } from "./scene.js";

const snippetsOf = (page: string): string[] =>
  [...readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8").matchAll(/```js\n(.*?)```/gs)].map(
    ([, code]) => code ?? "",
  );

interface Page {
  readonly scene: Scene;
  readonly location: { hash: string };
  readonly lines: string[];
}

/** Runs all pieces of a page that call one of these, in order. */
async function run(page: string, calls: RegExp, answer: Partial<Response>): Promise<Page> {
  const scene = await liveScene();
  scene.agent.off("function_call", scene.handlers.get("function_call") ?? (() => undefined));
  const location = { hash: "" };
  const lines: string[] = [];
  const line = (text: string): number => lines.push(text);
  const fetched = vi.fn(() => Promise.resolve(answer));
  for (const code of snippetsOf(page).filter((snippet) => calls.test(snippet))) {
    // The documentation's own code, and nothing from outside this repository.
    const body = new Function("agent", "location", "console", "fetch", code) as (...given: unknown[]) => void;
    body(scene.agent, location, { log: line, warn: line }, fetched);
  }
  await settle();
  return { scene, location, lines };
}

async function call({ scene }: Page, name: string, args: unknown): Promise<unknown> {
  const { socket } = scene.browser;
  const before = socket.sent.length;
  socket.receive({ type: "function_call", call_id: "c1", name, arguments: args });
  await settle();
  return socket.sent.slice(before).map(({ output }) => output)[0];
}

const TOOLS = /registerTool|setTools|tools_/;

/** Every tool of the page on tools is declared, runs, and answers as it says. */
test("the tools of tools.md work", async () => {
  const answer = { ok: true, json: () => Promise.resolve({ state: "sent" }) };
  const page = await run("tools.md", TOOLS, answer);
  const declared = page.scene.browser.socket.sent.filter(({ type }) => type === "session.update").at(-1);
  const names = (declared?.["tools"] as { name: string }[]).map(({ name }) => name);

  expect(names).toEqual(["show_map", "find_order", "open_page"]);
  expect(await call(page, "find_order", { number: "A-7" })).toBe('{"state":"sent"}');
  expect(await call(page, "open_page", { page: "hours" })).toBeUndefined();
  expect(page.location.hash).toBe("hours");
  expect(await call(page, "show_map", { place: "Ulm" })).toBe('{"shown":true}');
  expect(page.location.hash).toBe("map-Ulm");
  expect(await call(page, "add_to_basket", '{"what": "bread"}')).toBe("It is in the basket.");
});

/** What goes wrong is told to the agent, and to the page's author. */
test("the tools of tools.md tell what went wrong", async () => {
  const page = await run("tools.md", TOOLS, { ok: false });
  page.scene.browser.socket.receive({ type: "session.updated", tools: ["find_order", "open_page"] });
  page.scene.browser.socket.receive({ type: "error", code: "tool_name_conflict", message: "taken" });

  expect(await call(page, "find_order", { number: "B-1" })).toBe("The tool failed: there is no order B-1");
  expect(page.lines).toEqual(["the agent can use find_order, open_page", "tool_name_conflict: taken"]);
});

/** The shorter one too. */
test("the tool of sdk.md works", async () => {
  const page = await run("sdk.md", TOOLS, {});

  expect(await call(page, "open_page", { page: "prices" })).toBe('{"shown":true}');
  expect(page.location.hash).toBe("prices");
});
