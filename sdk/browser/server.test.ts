/** The SDK and the pages against the real server, with real recognition and real speech. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GREETING_S, MONOLOGUE, openBare, QUESTION, withVisitor } from "./call-scene.js";
import { connect, eventsOf, microphoneReleased, pause, recordOutput, smokeNames, until } from "./scene.js";
import { filled, hasGuide, modulePage, PageHost, printed } from "./seed.js";
import { sequence, silence } from "./sound.js";
import { hasServer, Vivavoce } from "./vivavoce.js";

/** Below this, a playback level is silence. */
const SILENCE = 0.01;

interface Entry {
  readonly role: string;
  readonly content: string;
}

describe.runIf(hasServer)("the real server", () => {
  let server: Vivavoce;

  beforeAll(async () => {
    server = await Vivavoce.start();
  });
  afterAll(async () => {
    await (server as Vivavoce | undefined)?.stop();
  });

  const textsOf = (events: unknown[][], name: string, isUser: boolean): string[] =>
    events
      .filter(([found]) => found === name)
      .map(([, event]) => event as { role: string; text: string })
      .filter(({ role }) => (role === "user") === isUser)
      .map(({ text }) => text);

  const callIdOf = (events: unknown[][]): string =>
    (events.find(([name]) => name === "session_started")?.[1] as { call_id: string }).call_id;

  const heard = async (page: Page, name: string): Promise<boolean> =>
    (await eventsOf(page)).some(([found]) => found === name);

  /** The call as the REST API tells it, once it is complete. */
  async function record(callId: string): Promise<{ transcript: Entry[]; recordingUrl: string }> {
    let data: Record<string, unknown> = {};
    await until(
      "the recording of the call",
      async () => {
        data = await server.get(`/atoms/v1/conversation/${callId}`);
        return typeof data["recordingUrl"] === "string" && data["recordingUrl"] !== "";
      },
      30_000,
    );
    return { transcript: data["transcript"] as Entry[], recordingUrl: data["recordingUrl"] as string };
  }

  /** The loudness of a recording in any format, as the browser decodes it. */
  async function loudnessOf(page: Page, url: string): Promise<{ seconds: number; peak: number }> {
    const response = await fetch(url);
    expect(response.status).toBe(200);
    const file = Buffer.from(await response.arrayBuffer()).toString("base64");
    return page.evaluate(async (text) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const decoded = await new OfflineAudioContext(1, 1, 24000).decodeAudioData(bytes.buffer);
      const peak = decoded.getChannelData(0).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      return { seconds: decoded.duration, peak };
    }, file);
  }

  /** A visitor speaks, is understood and answered, and the call can be read and heard afterwards. */
  test("hears, answers and keeps the call", async () => {
    await withVisitor(sequence([[GREETING_S, QUESTION]], 30), async (page, complaints) => {
      await openBare(page, server);
      const outcome = await connect(page, { apiKey: server.key, agentId: server.agentId });
      expect(outcome).toEqual({ connected: true });

      await until(
        "the visitor's words",
        async () => textsOf(await eventsOf(page), "transcript", true).length > 0,
        40_000,
      );
      const understood = textsOf(await eventsOf(page), "transcript", true).join(" ");
      expect(understood.toLowerCase()).toMatch(/reports?|north|people|buy/);

      await until(
        "the sound of the answer",
        () => page.evaluate(() => window.agent.outputLevel > 0.02),
        20_000,
      );
      const answers = textsOf(await eventsOf(page), "transcript", false).length;
      await until(
        "the text of the answer",
        async () => textsOf(await eventsOf(page), "transcript", false).length > answers,
        30_000,
      );
      const events = await eventsOf(page);
      const said = textsOf(events, "transcript", false);
      const callId = callIdOf(events);

      await page.evaluate(() => window.agent.disconnect());
      await until("the end", () => heard(page, "session_ended"));
      expect((await eventsOf(page)).at(-1)).toEqual(["session_ended", { reason: "client_requested" }]);

      const { transcript, recordingUrl } = await record(callId);
      const contents = (role: string): string[] =>
        transcript.filter((entry) => entry.role === role).map(({ content }) => content);
      expect(contents("user")).toEqual([understood]);
      expect(contents("agent").slice(0, said.length)).toEqual(said);
      const { seconds, peak } = await loudnessOf(page, recordingUrl);
      expect(seconds).toBeGreaterThan(GREETING_S);
      expect(peak).toBeGreaterThan(0.05);
      expect(complaints.texts).toEqual([]);
    });
  });

  /** A visitor who speaks over the agent stops it, in the loudspeaker and in the record. */
  test("is interrupted by speech", async () => {
    await withVisitor(
      sequence(
        [
          [1, MONOLOGUE],
          [0, MONOLOGUE],
          [0, MONOLOGUE],
        ],
        1,
      ),
      async (page) => {
        await openBare(page, server);
        // The visitor is muted until it is time to interrupt.
        await page.evaluate(() => {
          document.querySelector("#go")?.addEventListener("click", () => window.agent.mute());
        });
        await connect(page, { apiKey: server.key, agentId: server.agentId });
        await until("the end of the greeting", () => heard(page, "agent_stop_talking"), 30_000);
        await page.evaluate(() => window.agent.sendText("Which engines does it use?"));
        await until(
          "the sound of the answer",
          () => page.evaluate(() => window.agent.outputLevel > 0.02),
          20_000,
        );
        // Past the first seconds, in which the server asks for more before it believes an interruption.
        await pause(3500);
        await page.evaluate(() => window.agent.unmute());
        await until("the interruption", () => heard(page, "interruption"), 8_000);
        await page.evaluate(() => window.agent.mute());

        const levels = await recordOutput(page, 400);
        expect(levels.at(-1)?.[1]).toBeLessThan(SILENCE);

        await until(
          "the cut transcript",
          async () => textsOf(await eventsOf(page), "transcript", false).length > 1,
        );
        const events = await eventsOf(page);
        const cut = textsOf(events, "transcript", false)[1] ?? "";
        const callId = callIdOf(events);
        await page.evaluate(() => window.agent.disconnect());
        await until("the end", () => heard(page, "session_ended"));

        const { transcript } = await record(callId);
        expect(transcript.filter(({ role }) => role === "agent").map(({ content }) => content)).toContain(
          cut,
        );
        expect(cut).not.toMatch(/ordinary processor/);
      },
    );
  });

  /** A key or an agent that the server does not know is a refused handshake: no event, and nothing stays open. */
  test.each([
    ["key", "sk_000000000000000000000000000000000000000000000000", undefined],
    ["agent", undefined, "000000000000000000000000"],
  ])("refuses an unknown %s", async (_what, key, agentId) => {
    await withVisitor(silence(10), async (page) => {
      await openBare(page, server);
      const outcome = await connect(page, { apiKey: key ?? server.key, agentId: agentId ?? server.agentId });

      expect(outcome).toMatchObject({ message: "WebSocket connection failed", cause: "ConnectionClosed" });
      expect(await eventsOf(page)).toEqual([]);
      await microphoneReleased(page);
    });
  });

  /** The talk page of a server that was just started needs nothing but a click. */
  test("is talked to through its own page without a key", async () => {
    await withVisitor(silence(60), async (page, complaints) => {
      await page.goto(server.url);
      await page.locator("#talk:not([disabled])").click();
      await page
        .locator('#captions li[data-speaker="agent"][data-settled="true"]')
        .waitFor({ timeout: 30_000 });
      expect(await page.locator("#captions li").first().innerText()).toContain("Hello");

      await page.locator("#text").fill("What does it cost?");
      await page.locator("#text").press("Enter");
      await page.locator("#captions li").nth(2).waitFor({ timeout: 20_000 });
      await page.locator("#latency").waitFor();
      await page.locator("#end").click();
      await page.getByText("You ended the call").waitFor();

      expect(complaints.texts).toEqual([]);
    });
  });

  /** The server's own smoke page. */
  test("passes its smoke page in the documented order", async () => {
    await withVisitor(silence(60), async (page, complaints) => {
      await page.goto(`${server.url}/smoke.html?key=${server.key}&agent=${server.agentId}`);
      expect(await smokeNames(page, 30_000)).toEqual([
        "session_started",
        "agent_start_talking",
        "agent_stop_talking",
      ]);
      expect(complaints.texts).toEqual([]);
    });
  });

  describe.runIf(hasGuide)("with the code of the guide as printed", () => {
    let host: PageHost;

    beforeAll(async () => {
      host = await PageHost.start();
    });
    afterAll(() => host.stop());

    const fill = (code: string): string =>
      filled(code, { serverUrl: server.url, key: server.key, agentId: server.agentId });

    /** What the page prints on its console from now on. */
    function linesOf(page: Page): string[] {
      const lines: string[] = [];
      page.on("console", (message) => {
        // Chromium warns of sound without a gesture; the guide's own lines are of the other kinds.
        if (message.type() !== "warning") {
          lines.push(message.text());
        }
      });
      return lines;
    }

    test("runs the quickstart", async () => {
      await withVisitor(silence(60), async (page) => {
        const lines = linesOf(page);
        host.page = modulePage(fill(printed("Quickstart", "typescript")), server.url);
        await page.goto(host.url);
        await until("the greeting", () => lines.includes("Agent stopped"), 30_000);

        expect(lines[0]).toMatch(/^Session started: \S+ CALL-\d{13}-[0-9a-f]{6}$/);
        expect(lines.slice(1)).toEqual(["Agent speaking", "Agent stopped"]);
      });
    });

    test("runs the script tag", async () => {
      await withVisitor(silence(60), async (page) => {
        const lines = linesOf(page);
        host.page = fill(printed("Quickstart", "html"));
        await page.goto(host.url);

        await until("the session", () => lines.some((line) => line.startsWith("connected: ")));
      });
    });

    test("runs the smoke test", async () => {
      await withVisitor(silence(60), async (page) => {
        host.page = fill(printed("Smoke-test the integration", "html"));
        await page.goto(`${host.url}/smoke.html?key=${server.key}&agent=${server.agentId}`);

        expect(await smokeNames(page, 30_000)).toEqual([
          "session_started",
          "agent_start_talking",
          "agent_stop_talking",
        ]);
      });
    });
  });
});
