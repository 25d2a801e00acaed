/** Tools that a page registers: declared by themselves, run when they are called, answered whatever happens. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { settle } from "./fake-browser.js";
import { accept, liveScene, scene, type Scene } from "./scene.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SCHEMA = { type: "object", properties: { number: { type: "string" } }, required: ["number"] };
const FIND = { description: "Finds an order.", parameters: SCHEMA };
const DECLARED = { type: "function", name: "find", ...FIND };
const SET = {
  type: "function" as const,
  name: "time",
  description: "The time",
  parameters: { type: "object" },
};

/** The server calls a tool, and all that follows of it at once has happened. */
async function call(
  made: Scene,
  { name = "find", args = { number: "7" } as unknown, id = "c1" } = {},
): Promise<void> {
  made.browser.socket.receive({ type: "function_call", call_id: id, name, arguments: args });
  await settle();
}

const listener = ({ handlers }: Scene): (() => void) => handlers.get("function_call") ?? (() => undefined);
const answers = ({ browser }: Scene): unknown[] =>
  browser.socket.sent.filter(({ type }) => type === "function_call.result");
const updates = ({ browser }: Scene): unknown[] =>
  browser.socket.sent.filter(({ type }) => type === "session.update").map(({ tools }) => tools);
const result = (output: string, call_id = "c1"): unknown => ({
  type: "function_call.result",
  call_id,
  output,
});

describe("declaring", () => {
  /** Registered beforehand, a tool is declared in every call. */
  test("tools are declared at the start of each session", async () => {
    const made = scene();
    made.agent.registerTool("find", FIND, () => "here");
    const connecting = made.agent.connect();
    await accept(made);
    await connecting;
    expect(updates(made)).toEqual([[DECLARED]]);

    made.browser.socket.receive({ type: "session.closed", reason: "ended" });
    const again = made.agent.connect();
    await accept(made);
    await again;
    expect(updates(made)).toEqual([[DECLARED]]);
  });

  /** A page that has no tools says nothing of tools. */
  test("nothing is declared without tools", async () => {
    expect(updates(await liveScene())).toEqual([]);
  });

  /** Several changes at once are one message. */
  test("changes in a call are declared once for all that are made together", async () => {
    const made = await liveScene();
    made.agent
      .registerTool("find", FIND, () => "here")
      .registerTool(
        "show",
        { description: "Shows.", timeoutMs: 2000, expectsResponse: false },
        () => undefined,
      );
    await settle();
    made.agent.unregisterTool("find").unregisterTool("show").unregisterTool("never");
    await settle();

    const show = {
      type: "function",
      name: "show",
      description: "Shows.",
      timeout_ms: 2000,
      expectsResponse: false,
    };
    expect(updates(made)).toEqual([
      [DECLARED, { ...show, parameters: { type: "object", properties: {} } }],
      [],
    ]);
  });

  /** The two ways to offer tools live side by side; a registered tool takes a name over. */
  test("registered tools come on top of set ones", async () => {
    const made = await liveScene();
    made.agent.registerTool("find", FIND, () => "here");
    made.agent.setTools([SET, { ...SET, name: "find" }]);
    await settle();

    expect(updates(made)[0]).toEqual([SET, DECLARED]);
  });

  /** Tools of the agent's configuration would be refused if the page declared them. */
  test("a tool without a schema is not declared, and runs all the same", async () => {
    const made = await liveScene();
    made.agent.registerTool("find", null, ({ number }) => `order ${String(number)}`);
    await settle();
    await call(made, { args: '{"number": "9"}' });

    expect(updates(made)).toEqual([]);
    expect(answers(made)).toEqual([result("order 9")]);
  });

  /** The page learns what the server made of its tools. */
  test("the page is told of declared and of refused tools", async () => {
    const made = await liveScene();
    const socket = made.browser.socket;
    socket.receive({ type: "session.updated", tools: ["find"] });
    for (const code of [
      "tool_name_conflict",
      "client_tools_managed_by_config",
      "invalid_tools",
      "tool_timeout",
    ]) {
      socket.receive({ type: "error", code, message: "no" });
    }

    const names = made.events.filter(([name]) => name !== "session_started").map(([name]) => name);
    expect(made.events).toContainEqual(["tools_declared", { tools: ["find"] }]);
    expect(made.events).toContainEqual(["tools_refused", { code: "invalid_tools", message: "no" }]);
    expect(names).toEqual([
      "tools_declared",
      ...["error", "tools_refused", "error", "tools_refused", "error", "tools_refused", "error"],
    ]);
  });
});

describe("answering", () => {
  /** Text stands as it is; everything else is JSON. */
  test.each([
    ["on its way", "on its way"],
    [{ state: "sent" }, '{"state":"sent"}'],
    [7, "7"],
    [null, "null"],
    [undefined, ""],
  ])("a handler's %j is answered as %j", async (output, text) => {
    const made = await liveScene();
    made.agent.registerTool("find", FIND, () => output);
    await call(made);

    expect(answers(made)).toEqual([result(text)]);
  });

  /** Arguments are an object always, whatever way the server sends them. */
  test.each([{ number: "7" }, '{"number": "7"}'])(
    "a handler gets its arguments of %j as an object",
    async (args) => {
      const made = await liveScene();
      const seen: unknown[] = [];
      made.agent.registerTool("find", FIND, (given) => void seen.push(given));
      await call(made, { args });

      expect(seen).toEqual([{ number: "7" }]);
    },
  );

  /** A slow tool answers when it is done, and others do not wait for it. */
  test("handlers run side by side", async () => {
    const made = await liveScene();
    let finish: (text: string) => void = () => undefined;
    made.agent.registerTool("find", FIND, ({ number }) =>
      number === "slow" ? new Promise((resolve) => (finish = resolve)) : "quick",
    );
    await call(made, { args: { number: "slow" }, id: "c1" });
    await call(made, { args: { number: "quick" }, id: "c2" });
    finish("at last");
    await settle();

    expect(answers(made)).toEqual([result("quick", "c2"), result("at last", "c1")]);
  });

  const failures: [string, () => unknown, string][] = [
    [
      "throws",
      () => {
        throw new Error("no such order");
      },
      "The tool failed: no such order",
    ],
    ["rejects", () => Promise.reject(new TypeError("")), "The tool failed: TypeError"],
    ["rejects with text", () => Promise.reject("closed"), "The tool failed: closed"],
    [
      "throws what is no text",
      () => Promise.reject(Object.create(null)),
      "The tool failed: it threw something that is no error",
    ],
    ["returns what is no JSON", () => 7n, "The tool failed: Do not know how to serialize a BigInt"],
    ["returns too much", () => "é".repeat(32769), "The tool failed: its result is longer than 65536 bytes."],
  ];

  /** The agent hears of every failure, and no rejection escapes. */
  test.each(failures)("a handler that %s is answered with an error text", async (_what, handler, text) => {
    const made = await liveScene();
    made.agent.registerTool("find", FIND, handler);
    await call(made);

    expect(answers(made)).toEqual([result(text)]);
    expect(made.browser.reported).toEqual([]);
  });

  /** Nobody waits for its result; its failure is the page's to see. */
  test("a tool without a response answers nothing", async () => {
    const made = await liveScene();
    const failure = new Error("no printer");
    made.agent.registerTool("show", { description: "Shows.", expectsResponse: false }, () => "shown");
    made.agent.registerTool("print", { description: "Prints.", expectsResponse: false }, () =>
      Promise.reject(failure),
    );
    await call(made, { name: "show" });
    await call(made, { name: "print" });

    expect(answers(made)).toEqual([]);
    expect(made.browser.reported).toEqual([failure]);
  });

  /** Where nobody listens and nobody knows the tool, the agent would wait for nothing. */
  test("a tool that the page does not know is answered with an error text", async () => {
    const made = await liveScene();
    made.agent.off("function_call", listener(made));
    await call(made, { name: "fly" });

    expect(answers(made)).toEqual([result("There is no tool named fly in this page.")]);
  });

  /** Pages that listen to `function_call`, and tools of `setTools()`, are answered by the page. */
  test("what the page answers by itself is left to it", async () => {
    const made = await liveScene();
    await call(made, { name: "fly" });
    made.agent.off("function_call", listener(made));
    made.agent.setTools([SET]);
    await call(made, { name: "time" });

    expect(answers(made)).toEqual([]);
    expect(made.events).toContainEqual([
      "function_call",
      { call_id: "c1", name: "fly", arguments: { number: "7" } },
    ]);
  });

  /** A result is for the call that asked for it, and for no later one. */
  test("a handler that ends after its session answers nobody", async () => {
    const made = await liveScene();
    let finish: (text: string) => void = () => undefined;
    made.agent.registerTool("find", FIND, () => new Promise((resolve) => (finish = resolve)));
    await call(made);
    made.browser.socket.receive({ type: "session.closed", reason: "ended" });
    const again = made.agent.connect();
    await accept(made);
    await again;
    finish("too late");
    await settle();

    expect(answers(made)).toEqual([]);
  });

  /** After `disconnect()` nothing runs any more. */
  test("a call that comes after the end runs no tool", async () => {
    const made = await liveScene();
    const handler = vi.fn();
    made.agent.registerTool("find", FIND, handler);
    made.agent.disconnect();
    await call(made);

    expect(handler).not.toHaveBeenCalled();
  });
});
