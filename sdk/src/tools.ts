/** The tools that a page offers: which the server is told of, and who answers when the agent calls one. */
import type { FunctionCall } from "./events.js";
import type { ClientTool } from "./protocol.js";

/** What the agent is told of a tool. */
export interface ToolSchema {
  /** What the tool does and when to use it: the agent reads this. */
  description: string;
  /** JSON Schema of the arguments, of type `object`; default: no arguments. */
  parameters?: Record<string, unknown>;
  /** How long the agent waits for the result, 1000 to 60000 ms; default 15000. */
  timeoutMs?: number;
  /** `false`: the agent goes on without a result. */
  expectsResponse?: boolean;
}

/**
 * Runs a tool.
 *
 * What it returns, or its promise resolves to, is the result: text as it is, anything else as JSON.
 * What it throws is told to the agent, which speaks about it.
 */
export type ToolHandler = (args: Record<string, unknown>) => unknown;

interface Registered {
  /** Without it the tool is one of the agent's configuration, and is not declared. */
  readonly tool: ClientTool | undefined;
  readonly handler: ToolHandler;
}

/** The largest result that the server takes, in bytes of UTF-8. Source: Atoms client tools, `result_too_large`. */
const LARGEST_RESULT_BYTES = 65_536;

/** Errors of the server that leave the tools as they were before. Source: Atoms client tools, error codes. */
const REFUSALS = new Set(["tool_name_conflict", "client_tools_managed_by_config", "invalid_tools"]);

export const isRefusal = (code: string): boolean => REFUSALS.has(code);

/** Text as it is, anything else as JSON. */
export const resultText = (output: unknown): string =>
  typeof output === "string" ? output : (JSON.stringify(output) ?? "");

/** The tools of one agent object; they stay from one call to the next. */
export class Tools {
  #set: ClientTool[] | undefined;
  readonly #registered = new Map<string, Registered>();
  /** Whether the page has ever said anything about tools: until then the server is told nothing of them. */
  #isUsed = false;

  /** Takes these in place of those set before; registered ones stay. */
  set(tools: readonly ClientTool[]): void {
    this.#set = [...tools];
    this.#isUsed = true;
  }

  /** Takes a tool, in place of one of the same name. */
  register(name: string, schema: ToolSchema | null, handler: ToolHandler): void {
    this.#registered.set(name, { tool: schema ? declaration(name, schema) : undefined, handler });
    this.#isUsed ||= schema !== null;
  }

  /** Forgets a tool; returns whether there was one. */
  unregister(name: string): boolean {
    return this.#registered.delete(name);
  }

  /** What the server is to be told; undefined where the page has no say in it. */
  get declared(): ClientTool[] | undefined {
    if (!this.#isUsed) {
      return undefined;
    }
    const set = (this.#set ?? []).filter(({ name }) => !this.#registered.get(name)?.tool);
    return [...set, ...[...this.#registered.values()].flatMap(({ tool }) => tool ?? [])];
  }

  /**
   * Runs a tool and answers the call, where it is ours to answer. Never rejects.
   *
   * @param isHeard Whether the page listens to `function_call`, and so may answer what is not registered.
   * @param answer Takes the result; not called where nobody waits for one, or the page answers by itself.
   * @param report Receives what a tool throws of which no result is expected.
   */
  async run(
    call: FunctionCall,
    isHeard: boolean,
    answer: (output: string) => void,
    report: (error: unknown) => void,
  ): Promise<void> {
    const known = this.#registered.get(call.name);
    if (!known) {
      if (!isHeard && !this.#set?.some(({ name }) => name === call.name)) {
        answer(`There is no tool named ${call.name} in this page.`);
      }
      return;
    }
    const isAwaited = known.tool?.expectsResponse !== false;
    let output;
    try {
      const text = resultText(await known.handler(call.arguments));
      output = isTooLong(text)
        ? `The tool failed: its result is longer than ${LARGEST_RESULT_BYTES} bytes.`
        : text;
    } catch (error) {
      if (!isAwaited) {
        report(error);
      }
      output = `The tool failed: ${messageOf(error)}`;
    }
    if (isAwaited) {
      answer(output);
    }
  }
}

const isTooLong = (text: string): boolean => new TextEncoder().encode(text).length > LARGEST_RESULT_BYTES;

const declaration = (name: string, schema: ToolSchema): ClientTool => ({
  type: "function",
  name,
  description: schema.description,
  parameters: schema.parameters ?? { type: "object", properties: {} },
  ...(schema.timeoutMs !== undefined && { timeout_ms: schema.timeoutMs }),
  ...(schema.expectsResponse !== undefined && { expectsResponse: schema.expectsResponse }),
});

/** What went wrong, in few enough words for the agent to read; whatever was thrown. */
function messageOf(error: unknown): string {
  try {
    return (error instanceof Error ? error.message || error.name : String(error)).slice(0, 1000);
  } catch {
    return "it threw something that is no error";
  }
}
