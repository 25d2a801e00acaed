/** Pages of the Synthflow wire against the real server: our own test page, and the guide's sample client as printed. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GREETING_S, LONG_GREETING, MONOLOGUE, QUESTION, withVisitor } from "./call-scene.js";
import type { Complaints } from "./chromium.js";
import { until } from "./scene.js";
import { sequence, silence, type Sound } from "./sound.js";
import { hasSynthflowGuide, sampleFiles, SampleHost } from "./synthflow-guide.js";
import { hasServer, Vivavoce } from "./vivavoce.js";

/** Above this, the loudspeaker sounds; below the second figure it is silent. */
const SOUND = 0.02;
const SILENCE = 0.002;

interface MeterWindow {
  /** What the loudspeaker plays just now, from 0 to 1. */
  loudness(): number;
}

interface Entry {
  readonly role: string;
  readonly content: string;
}

interface Conversation {
  readonly type: string;
  readonly status: string;
  readonly transcript: Entry[];
  readonly recordingUrl: string;
}

/** Measures what `page` sends to the loudspeaker, whatever plays it. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const meters: AnalyserNode[] = [];
    const connect = AudioNode.prototype.connect as (this: AudioNode, target: AudioNode) => AudioNode;
    AudioNode.prototype.connect = function (this: AudioNode, target: AudioNode) {
      if (target instanceof AudioDestinationNode) {
        const meter = this.context.createAnalyser();
        meters.push(meter);
        connect.call(this, meter);
      }
      return connect.call(this, target);
    } as AudioNode["connect"];
    const samples = new Float32Array(2048);
    (window as unknown as MeterWindow).loudness = () =>
      Math.max(
        0,
        ...meters.map((meter) => {
          meter.getFloatTimeDomainData(samples);
          return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
        }),
      );
  });
}

const loudness = (page: Page): Promise<number> =>
  page.evaluate(() => (window as unknown as MeterWindow).loudness());

const sounding = (page: Page, limitMs: number): Promise<void> =>
  until("sound", async () => (await loudness(page)) > SOUND, limitMs);

/** Waits for half a second without a sound; returns when it began. */
async function silent(page: Page, limitMs: number): Promise<number> {
  let since = performance.now();
  await until(
    "silence",
    async () => {
      if ((await loudness(page)) > SILENCE) {
        since = performance.now();
      }
      return performance.now() - since > 500;
    },
    limitMs,
  );
  return since;
}

describe.runIf(hasServer)("a page of the Synthflow wire", () => {
  let server: Vivavoce;
  /** An agent that can be interrupted in its greeting. */
  let talkerId: string;

  beforeAll(async () => {
    server = await Vivavoce.start();
    talkerId = await server.agent({ name: "Talker", firstMessage: LONG_GREETING });
  });
  afterAll(async () => {
    await (server as Vivavoce | undefined)?.stop();
  });

  const conversation = async (callId: string): Promise<Conversation> =>
    (await server.get(`/atoms/v1/conversation/${callId}`)) as unknown as Conversation;

  /** Runs `use` for a visitor in a page whose loudspeaker is measured, with the lines of its console. */
  const withMeter = (
    sound: Sound,
    use: (page: Page, lines: readonly string[], complaints: Complaints) => Promise<void>,
  ): Promise<void> =>
    withVisitor(sound, async (page, complaints) => {
      await listen(page);
      const lines: string[] = [];
      page.on("console", (message) => lines.push(message.text()));
      await use(page, lines, complaints);
    });

  /** Presses the button of the page that is open; returns the id of the call that it begins. */
  async function start(page: Page): Promise<string> {
    const before = new Set(server.callIds());
    await page.locator("#start").click();
    await until("the call", () => server.callIds().some((id) => !before.has(id)), 15_000);
    return server.callIds().find((id) => !before.has(id))!;
  }

  /** The visitor asks once the greeting is over, and hears an answer; returns the id of the call. */
  async function converse(page: Page): Promise<string> {
    const callId = await start(page);
    await sounding(page, 10_000);
    await silent(page, 15_000);
    const isAsked = async (): Promise<boolean> =>
      (await conversation(callId)).transcript.some(({ role }) => role === "user");
    await until("the visitor's words", isAsked, 30_000);
    await sounding(page, 10_000);
    await silent(page, 20_000);
    return callId;
  }

  /** What is left of the call, once its recording is ready. */
  async function record(callId: string): Promise<Conversation> {
    let shown = await conversation(callId);
    await until(
      "the recording of the call",
      async () => {
        shown = await conversation(callId);
        return shown.recordingUrl !== "";
      },
      30_000,
    );
    return shown;
  }

  /** The record of a conversation is that of any webcall: who spoke, in which order, and a recording that can be had. */
  async function expectConversation(callId: string): Promise<void> {
    const { type, status, transcript, recordingUrl } = await record(callId);

    expect([type, status]).toEqual(["webcall", "completed"]);
    expect(transcript.map(({ role }) => role)).toEqual(["agent", "user", "agent"]);
    expect(transcript[1]?.content.toLowerCase()).toMatch(/reports?|north|people|buy/);
    const recording = await fetch(recordingUrl);
    expect(recording.status).toBe(200);
    expect((await recording.arrayBuffer()).byteLength).toBeGreaterThan(10_000);
  }

  /** The visitor speaks into the greeting: the loudspeaker falls silent, and the record ends where he began. */
  async function expectInterruption(page: Page): Promise<void> {
    const callId = await start(page);
    await sounding(page, 10_000);
    const soundAt = performance.now();
    const silentAt = await silent(page, 15_000);
    // The rest of the monologue is still being said: the agent has not begun to answer.
    const shown = await conversation(callId);

    expect(silentAt - soundAt).toBeLessThan(5_000);
    expect(shown.transcript[0]?.role).toBe("agent");
    expect(shown.transcript[0]?.content).toMatch(/^Hello/);
    expect(shown.transcript[0]?.content).not.toMatch(/any time/);
  }

  const INTERRUPTION = sequence(
    [
      [3, MONOLOGUE],
      [0, MONOLOGUE],
    ],
    5,
  );

  describe("of our own", () => {
    const address = (agentId = server.agentId): string =>
      `${server.url}/synthflow.html?key=${server.key}&agent=${agentId}`;
    const log = async (page: Page): Promise<string[]> =>
      ((await page.locator("#log").textContent()) ?? "").trim().split("\n");

    test("holds a conversation", async () => {
      await withMeter(sequence([[GREETING_S, QUESTION]], 30), async (page, _lines, complaints) => {
        await page.goto(address());
        const callId = await converse(page);
        await page.locator("#stop").click();
        await until("the end", async () => (await log(page)).some((line) => line.startsWith("closed")));

        expect((await log(page)).sort()).toEqual([
          "client ready",
          "closed 1000",
          'received {"type":"status_agent_ready"}',
        ]);
        await expectConversation(callId);
        expect(complaints.texts).toEqual([]);
      });
    });

    test("falls silent when it is interrupted", async () => {
      await withMeter(INTERRUPTION, async (page) => {
        await page.goto(address(talkerId));
        await expectInterruption(page);
      });
    });

    test("says why it gets no session", async () => {
      await withMeter(silence(5), async (page) => {
        await page.goto(`${server.url}/synthflow.html?key=sk_wrong&agent=${server.agentId}`);
        await page.locator("#start").click();
        await page.getByText("failed: 401 Unauthorized").waitFor();
        await page.goto(address("nobody"));
        await page.locator("#start").click();
        await page.getByText("failed: 404 Assistant not found").waitFor();
      });
    });

    test("is closed when the agent hangs up", async () => {
      await withMeter(silence(30), async (page) => {
        const agentId = await server.agent({
          firstMessage: "Good day, and goodbye.",
          llmIdleTimeoutConfig: { webcallTimeoutTimeInSecs: 1, maxRetries: 0 },
        });
        await page.goto(address(agentId));
        await start(page);
        await sounding(page, 10_000);
        await page.getByText("closed 1000").waitFor({ timeout: 15_000 });
      });
    });
  });

  describe.runIf(hasSynthflowGuide)("as its guide prints it", () => {
    /** Opens the sample client with this agent in a page of its own host. */
    async function inSample(
      agentId: string,
      sound: Sound,
      use: (page: Page, lines: readonly string[], complaints: Complaints) => Promise<void>,
    ): Promise<void> {
      const token = `${server.url}/websocket/token/${agentId}`;
      const headers = `{ headers: { Authorization: "Bearer ${server.key}" } }`;
      // From the page itself, as one client of the wire does: a browser asks beforehand whether it may.
      const host = await SampleHost.start(
        await sampleFiles(`(await (await fetch("${token}", ${headers})).json()).sessionURL`),
      );
      try {
        await withMeter(sound, async (page, lines, complaints) => {
          await page.goto(host.url);
          await use(page, lines, complaints);
        });
      } finally {
        await host.stop();
      }
    }

    test("holds a conversation", async () => {
      const visitor = sequence([[GREETING_S, QUESTION]], 30);
      await inSample(server.agentId, visitor, async (page, lines, complaints) => {
        const callId = await converse(page);
        await page.goto("about:blank");

        expect(lines.filter((line) => /ready|status|unknown/.test(line)).sort()).toEqual([
          "Received agent ready message",
          "Scheduled send client ready message",
          "status: Connected to call",
          "status: Connecting to server",
        ]);
        await expectConversation(callId);
        expect(complaints.texts).toEqual([]);
      });
    });

    test("falls silent when it is interrupted", async () => {
      await inSample(talkerId, INTERRUPTION, expectInterruption);
    });
  });
});
