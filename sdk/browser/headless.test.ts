/** The SDK in Node against the real server, whose engines follow a script: every sample can be compared. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { AtomsAgent } from "../src/agent.js";
import type { EventName } from "../src/events.js";
import { headlessPlatform, iteratedSource } from "../src/headless.js";
import { printed } from "../test/docs-page.js";
import { MONOLOGUE, QUESTION } from "./call-scene.js";
import { Proxy } from "./proxy.js";
import { pause, until } from "./scene.js";
import { toSamples, type Sound } from "./sound.js";
import { hasServer, Vivavoce } from "./vivavoce.js";

const RATE_HZ = 24000;
/** The loudspeaker's queue softens so many samples at each end of a turn. */
const EDGE = 0.004 * RATE_HZ;

const GREETING = "Good morning, this is the corner bakery, and you may ask me about bread and about rolls.";
/** About fourteen seconds. */
const LONG_GREETING = `${GREETING} `.repeat(5).trim();

/** A visitor who is silent until he has something to say. */
class Visitor {
  #left: Int16Array = new Int16Array(0);

  say({ samples }: Sound): void {
    this.#left = samples;
  }

  /** Pieces of 20 ms without end. */
  async *pieces(): AsyncGenerator<Int16Array> {
    for (;;) {
      const piece = new Int16Array(QUESTION.rateHz / 50);
      piece.set(this.#left.subarray(0, piece.length));
      this.#left = this.#left.subarray(piece.length);
      yield await Promise.resolve(piece);
    }
  }
}

interface Said {
  readonly role: string;
  readonly text: string;
}

/** A call of a program, and everything that came of it. */
class Caller {
  readonly visitor = new Visitor();
  readonly heard: number[] = [];
  readonly events: [EventName, unknown][] = [];
  readonly agent: AtomsAgent;

  constructor(apiKey: string, agentId: string, baseUrl: string) {
    const platform = headlessPlatform({
      openSocket: (url) => new WebSocket(url),
      source: iteratedSource(() => this.visitor.pieces(), QUESTION.rateHz),
      sink: { write: (samples) => this.heard.push(...samples) },
    });
    this.agent = new AtomsAgent({ apiKey, agentId, baseUrl }, platform);
    for (const name of [
      "session_started",
      "session_ended",
      "transcript",
      "caption",
      "interruption",
      "agent_stop_talking",
      "reconnecting",
      "reconnected",
      "error",
    ] as const) {
      this.agent.on(name, (event?: unknown) => void this.events.push([name, event]));
    }
  }

  told(name: EventName): unknown[] {
    return this.events.filter(([found]) => found === name).map(([, event]) => event);
  }

  said(isUser: boolean): string[] {
    return (this.told("transcript") as Said[])
      .filter(({ role }) => (role === "user") === isUser)
      .map(({ text }) => text);
  }

  get words(): string {
    return (this.told("caption") as Said[]).map(({ text }) => text).join(" ");
  }

  async end(): Promise<void> {
    this.agent.disconnect();
    await until("the end", () => this.told("session_ended").length > 0);
  }
}

describe.runIf(hasServer)("a program that calls the real server", () => {
  let server: Vivavoce;
  let proxy: Proxy;
  const callers: Caller[] = [];

  beforeAll(async () => {
    server = await Vivavoce.start({
      VIVAVOCE_STT: "scripted",
      VIVAVOCE_LLM: "scripted",
      VIVAVOCE_TTS: "scripted",
    });
  });
  afterAll(async () => {
    await (server as Vivavoce | undefined)?.stop();
  });
  beforeEach(async () => {
    proxy = await Proxy.start(Number(new URL(server.url).port));
  });
  afterEach(async () => {
    callers.splice(0).forEach(({ agent }) => agent.disconnect());
    await proxy.stop();
  });

  async function call(firstMessage: string): Promise<Caller> {
    const agentId = await server.agent({ name: "Bakery", globalPrompt: "You sell bread.", firstMessage });
    const caller = new Caller(server.key, agentId, proxy.url);
    callers.push(caller);
    await caller.agent.connect();
    return caller;
  }

  /** What a client of the plain wire hears of the same greeting. */
  async function plainGreeting(): Promise<number[]> {
    const agentId = await server.agent({ name: "Bakery", globalPrompt: "…", firstMessage: GREETING });
    const query = new URLSearchParams({ token: server.key, agent_id: agentId });
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/atoms/v1/agent/connect?${query}`);
    const samples: number[] = [];
    await new Promise<void>((resolve) => {
      socket.on("message", (data: Buffer) => {
        const message = JSON.parse(data.toString()) as { type: string; audio?: string };
        if (message.audio !== undefined) {
          samples.push(...toSamples(Buffer.from(message.audio, "base64")));
        } else if (message.type === "agent_stop_talking") {
          resolve();
        }
      });
    });
    socket.terminate();
    return samples;
  }

  /** Sample by sample, apart from the edges. */
  function expectHeard(heard: readonly number[], said: readonly number[]): void {
    const first = heard.findIndex((sample) => sample !== 0);
    const offset = said.findIndex((sample) => sample !== 0);
    const inner = (samples: readonly number[], from: number): readonly number[] =>
      samples.slice(from - offset + EDGE, from - offset + said.length - EDGE);

    expect(said.length).toBeGreaterThan(RATE_HZ);
    // The first samples are so soft that the fade leaves nothing of them: a few are tried.
    const shifts = Array.from({ length: EDGE }, (_, shift) => shift);
    const wanted = inner(said, offset).join(" ");
    expect(shifts.some((shift) => inner(heard, first - shift).join(" ") === wanted)).toBe(true);
  }

  test("hears the greeting sample by sample, and its words in time", async () => {
    const said = await plainGreeting();
    const caller = await call(GREETING);
    await until("the greeting", () => caller.told("agent_stop_talking").length > 0, 20_000);
    await until("its end", () => caller.heard.length >= said.length);

    expectHeard(caller.heard, said);
    expect(caller.words).toBe(GREETING);
    expect(caller.told("error")).toEqual([]);
  });

  test("speaks, is understood and answered", async () => {
    const caller = await call("Yes?");
    await until("the greeting", () => caller.told("agent_stop_talking").length > 0, 20_000);
    caller.visitor.say(QUESTION);
    await until("an answer", () => caller.told("agent_stop_talking").length > 1, 30_000);

    expect(caller.said(true)).toEqual(["words of the utterance"]);
    expect(caller.said(false)[1]).toMatch(/^This is a scripted answer/);
    await caller.end();
    expect(caller.told("session_ended")).toEqual([{ reason: "client_requested" }]);
  });

  /** The record ends at the word that was heard. */
  test("interrupts the agent, and its record ends where it was heard", async () => {
    const caller = await call(LONG_GREETING);
    await until("the greeting", () => caller.heard.length > 4.5 * RATE_HZ, 20_000);
    caller.visitor.say(MONOLOGUE);
    await until("the interruption", () => caller.told("interruption").length > 0, 10_000);
    await pause(300);
    const atCut = caller.heard.length;
    await until("the cut text", () => caller.said(false).length > 0);
    const cut = caller.said(false)[0] ?? "";

    expect(atCut).toBeLessThan(10 * RATE_HZ);
    expect(LONG_GREETING.startsWith(cut)).toBe(true);
    expect(Math.abs(cut.split(" ").length - caller.words.split(" ").length)).toBeLessThanOrEqual(1);
  });

  /** As a program would: with the built package, by its name. */
  test("runs the code of the documentation as printed", async () => {
    const [shown] = printed("sdk.md", "js node");
    const agentId = await server.agent({ name: "Bakery", globalPrompt: "…", firstMessage: "Yes?" });
    const folder = mkdtempSync(join(tmpdir(), "vivavoce-node-"));
    try {
      const bytes = Buffer.from(
        QUESTION.samples.buffer,
        QUESTION.samples.byteOffset,
        QUESTION.samples.byteLength,
      );
      writeFileSync(join(folder, "question.pcm"), bytes);
      const code = (shown?.code ?? "")
        .replace("http://localhost:8600", server.url)
        .replace(/"(question|heard)\.pcm"/g, (_, name: string) =>
          JSON.stringify(join(folder, `${name}.pcm`)),
        );
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--input-type=module", "--eval", code],
        {
          cwd: fileURLToPath(new URL("..", import.meta.url)),
          env: { ...process.env, VIVAVOCE_KEY: server.key, AGENT_ID: agentId },
        },
      );

      expect(stdout).toBe("assistant: Yes?\n");
      expect(readFileSync(join(folder, "heard.pcm")).length).toBeGreaterThan(0.1 * 2 * RATE_HZ);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  /** Nothing is lost and nothing is heard twice. */
  test("survives its network", async () => {
    const said = await plainGreeting();
    const caller = await call(GREETING);
    for (const afterS of [0.4, 1, 1.6]) {
      await until("the agent's voice", () => caller.heard.length > afterS * RATE_HZ, 20_000);
      const before = caller.told("reconnected").length;
      proxy.cut();
      await until("the call to go on", () => caller.told("reconnected").length > before);
    }
    await until("the greeting", () => caller.told("agent_stop_talking").length > 0, 20_000);
    const [started] = caller.told("session_started") as { call_id: string }[];
    const back = caller.told("reconnected") as { callId: string }[];

    expect(caller.words).toBe(GREETING);
    const sounding = (samples: readonly number[]): number => samples.filter((sample) => sample !== 0).length;
    expect(sounding(caller.heard)).toBeLessThanOrEqual(sounding(said));
    // Where the network was away for longer than the agent's lead, the voice fades out and in.
    expect(sounding(caller.heard)).toBeGreaterThan(sounding(said) - 8 * EDGE);
    expect(back.map(({ callId }) => callId)).toEqual(back.map(() => started?.call_id));
    expect(proxy.connections).toBeGreaterThanOrEqual(4);
    await caller.end();
  });
});
