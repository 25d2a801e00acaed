/** The real server, started as a user starts it, with a folder of its own. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pause } from "./scene.js";

const COMMAND =
  process.env["VIVAVOCE_BIN"] ?? fileURLToPath(new URL("../../.venv/bin/vivavoce", import.meta.url));

/** What the demo agent says first in tests: nobody is to wait until a long greeting is over. */
const GREETING = "Hello, I am the Vivavoce guide.";

/** How long the server may take to load its speech engines. */
const START_MS = 60_000;

export const hasServer = existsSync(COMMAND);

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

export class Vivavoce {
  readonly url: string;
  readonly key: string;
  /** The demo agent, with a short greeting. */
  readonly agentId: string;
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #ask: (...words: string[]) => string;

  private constructor(
    url: string,
    key: string,
    agentId: string,
    process: ChildProcess,
    folder: string,
    ask: (...words: string[]) => string,
  ) {
    this.url = url;
    this.key = key;
    this.agentId = agentId;
    this.#process = process;
    this.#folder = folder;
    this.#ask = ask;
  }

  /** @param settings Environment variables, such as `VIVAVOCE_LLM`. */
  static async start(settings: Record<string, string> = {}): Promise<Vivavoce> {
    const folder = mkdtempSync(join(tmpdir(), "vivavoce-data-"));
    const port = await freePort();
    // Neither the settings nor the keys of whoever runs the tests may decide what is tested.
    const inherited = Object.entries(process.env).filter(([name]) => !/^(VIVAVOCE|OPENAI)_/.test(name));
    const env = {
      ...Object.fromEntries(inherited),
      VIVAVOCE_DATA: join(folder, "data"),
      VIVAVOCE_PORT: String(port),
      ...settings,
    };
    const ask = (...words: string[]): string =>
      execFileSync(COMMAND, words, { cwd: folder, env, encoding: "utf8" });
    const server = spawn(COMMAND, ["serve"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    server.stdout.on("data", (text: Buffer) => (output += text.toString()));
    server.stderr.on("data", (text: Buffer) => (output += text.toString()));
    const url = `http://localhost:${port}`;
    const end = performance.now() + START_MS;
    while (!(await answers(url))) {
      if (server.exitCode !== null || performance.now() > end) {
        server.kill("SIGKILL");
        throw new Error(`vivavoce serve did not come up at ${url}:\n${output.slice(-2000)}`);
      }
      await pause(200);
    }
    const key = ask("keys", "create", "browser-tests").trim();
    const [agent] = JSON.parse(ask("agents", "list", "--json")) as { _id: string; name: string }[];
    if (!agent) {
      throw new Error("the server has no demo agent");
    }
    const vivavoce = new Vivavoce(url, key, agent._id, server, folder, ask);
    await vivavoce.change(agent._id, { firstMessage: GREETING });
    return vivavoce;
  }

  /** Runs `vivavoce` with these words on the server's data; what it prints. */
  run(...words: string[]): string {
    return this.#ask(...words);
  }

  /** `data` of a REST answer. */
  async get(path: string): Promise<Record<string, unknown>> {
    return (await this.#request("GET", path)) as Record<string, unknown>;
  }

  /** Makes an agent; returns its id. */
  async agent(document: Record<string, unknown>): Promise<string> {
    return (await this.#request("POST", "/atoms/v1/agent", document)) as string;
  }

  /** Changes fields of an agent. */
  async change(id: string, fields: Record<string, unknown>): Promise<void> {
    await this.#request("PATCH", `/atoms/v1/agent/${id}`, fields);
  }

  /** `data` of the answer to a request with the tests' key. */
  async #request(method: string, path: string, body?: Record<string, unknown>): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { data?: unknown };
    if (!response.ok || !answer.data) {
      throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    }
    return answer.data;
  }

  /** The calls that have begun: each has a folder of its own. */
  callIds(): string[] {
    const folder = join(this.#folder, "data", "recordings");
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    // Calls of browsers that were killed would be waited for; asked a second time it waits no more.
    await Promise.race([gone, pause(500).then(() => this.#process.kill("SIGTERM"))]);
    await Promise.race([gone, pause(10_000).then(() => this.#process.kill("SIGKILL"))]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
