/** The SDK in a real browser, with real audio threads and a fake microphone, against a stub of the server. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { devices, launchChromium, watch, type Complaints } from "./chromium.js";
import { connect, eventsOf, pause, recordOutput, until } from "./scene.js";
import { beeps, loudness, pitchHz, tone, toWav } from "./sound.js";
import { polite, StubServer } from "./stub-server.js";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the fake microphone hears: beeps of this pitch. */
const BEEP_HZ = 1000;

/** Below this, a playback level is silence. */
const SILENCE = 0.01;

const folder = mkdtempSync(join(tmpdir(), "vivavoce-browser-"));
let chromium: Browser;
let server: StubServer;
let page: Page;
let complaints: Complaints;

beforeAll(async () => {
  const microphone = join(folder, "beeps.wav");
  writeFileSync(microphone, toWav(beeps(BEEP_HZ, 10)));
  chromium = await launchChromium({ microphone });
});
afterAll(async () => {
  await chromium.close();
  rmSync(folder, { recursive: true });
});

async function openPage(browser: Browser, url: string): Promise<void> {
  page = await browser.newPage();
  complaints = await watch(page);
  await page.goto(url);
}

beforeEach(async () => {
  server = await StubServer.start();
  await openPage(chromium, `${server.url}/bare/page.html`);
});
afterEach(async () => {
  await page.close();
  await server.stop();
});

describe("the microphone", () => {
  /** What is said arrives: at the rate that was asked for, without gaps, at its pitch. */
  test.each([
    [16000, 16000, { sample_rate: "16000", input_audio_format: null }],
    [24000, 24000, { sample_rate: "24000", input_audio_format: null }],
    [48000, 24000, { sample_rate: null, input_audio_format: "pcm_48000" }],
  ])("of %i Hz arrives with its rate, length and pitch", async (rateHz, agentRateHz, query) => {
    server.options = { onCall: (call) => call.create(agentRateHz) };
    const outcome = await connect(page, { sampleRate: rateHz });
    const { call } = server;
    await until("a first frame", () => call.frames.length > 0);
    const before = { at: performance.now(), frames: call.frames.length };
    await pause(3000);
    const frames = call.frames;
    const seconds = (performance.now() - before.at) / 1000;
    const loud = frames.filter((frame) => loudness(frame) > 0.05);

    expect(outcome).toEqual({ connected: true });
    expect(Object.fromEntries(Object.keys(query).map((name) => [name, call.query.get(name)]))).toEqual(query);
    expect(new Set(frames.map(({ length }) => length))).toEqual(new Set([rateHz * 0.04]));
    // 25 frames a second; a busy machine may be late by a few.
    expect(Math.abs((frames.length - before.frames) / seconds - 25)).toBeLessThan(1.5);
    expect(loud.length).toBeGreaterThan(10);
    const pitches = loud.map((frame) => pitchHz(frame, rateHz)).sort((a, b) => a - b);
    expect(Math.abs((pitches[pitches.length >> 1] ?? 0) - BEEP_HZ)).toBeLessThan(60);
  });

  /** Muted is silent on the wire; unmuted speaks again. That is push-to-talk. */
  test("sends nothing while muted, and all when it is not", async () => {
    await connect(page);
    const { call } = server;
    await until("a first frame", () => call.frames.length > 0);
    await page.evaluate(() => window.agent.mute());
    const muted = call.frames.length;
    await pause(600);

    expect(call.frames.length - muted).toBeLessThanOrEqual(1);

    await page.evaluate(() => window.agent.unmute());
    await until("frames after unmute", () => call.frames.length > muted + 10);
    await until("sound after unmute", () =>
      call.frames.slice(muted + 2).some((frame) => loudness(frame) > 0.05),
    );
  });
});

describe("the loudspeaker", () => {
  const audibleMs = (levels: [number, number][]): number => {
    const loud = levels.filter(([, level]) => level > SILENCE).map(([at]) => at);
    return loud.length === 0 ? 0 : Math.max(...loud) - Math.min(...loud);
  };

  /** A second of the agent is a second to the ear, although it was sent all at once. */
  test("plays what was sent, in its own time", async () => {
    await connect(page);
    const recording = recordOutput(page, 2000);
    server.call.speak(tone(440, 1, 24000));
    const levels = await recording;

    // Half of full scale less the sine's crest: 12000 / 32768 / √2.
    expect(Math.max(...levels.map(([, level]) => level))).toBeCloseTo(0.26, 1);
    expect(Math.abs(audibleMs(levels) - 1000)).toBeLessThan(150);
    expect(levels.at(-1)?.[1]).toBeLessThan(SILENCE);
  });

  /** An interruption silences what is already in the page. */
  test("is silent at once after an interruption", async () => {
    await connect(page);
    server.call.speak(tone(440, 5, 24000));
    await until("sound", () => page.evaluate(() => window.agent.outputLevel > 0.1));
    const recording = recordOutput(page, 700);
    server.call.send("interruption");
    const levels = await recording;
    const last = levels.filter(([, level]) => level > SILENCE).at(-1)?.[0] ?? 0;

    expect(last).toBeLessThan(250);
    expect(await eventsOf(page)).toContainEqual(["interruption"]);
  });

  /** The next turn is heard in full: nothing is muted by time. */
  test("plays the turn that follows an interruption", async () => {
    await connect(page);
    server.call.speak(tone(440, 5, 24000));
    await until("sound", () => page.evaluate(() => window.agent.outputLevel > 0.1));
    const recording = recordOutput(page, 1500);
    server.call.send("interruption");
    server.call.speak(tone(880, 0.6, 24000));
    const levels = await recording;

    expect(audibleMs(levels)).toBeGreaterThan(550);
    expect(audibleMs(levels)).toBeLessThan(900);
  });
});

describe("the end of a call", () => {
  /** Microphone and sound are free again, and the server knows. */
  test("by disconnect() releases the devices and says goodbye", async () => {
    await connect(page);
    expect(await devices(page)).toEqual({ tracks: ["live"], contexts: ["running"] });

    await page.evaluate(() => window.agent.disconnect());
    await until("the end", async () => (await eventsOf(page)).some(([name]) => name === "session_ended"));
    await until("closed contexts", async () => (await devices(page)).contexts[0] === "closed");

    expect(server.call.types).toContain("session.close");
    expect((await eventsOf(page)).slice(1)).toEqual([["session_ended", { reason: "client_requested" }]]);
    expect(await devices(page)).toEqual({ tracks: ["ended"], contexts: ["closed"] });
    expect(await page.evaluate(() => window.agent.isConnected)).toBe(false);
    await until("the closed socket", () => server.call.closeCode === 1000);
  });

  /** Leaving the page is a goodbye too, without a word from the page's own code. */
  test("by leaving the page says goodbye", async () => {
    await connect(page);
    await page.goto("about:blank");

    await until("the goodbye", () => server.call.types.includes("session.close"));
    await until("the closed socket", () => server.call.closeCode !== undefined);
  });

  /** The agent hangs up. */
  test("by the server gives its reason", async () => {
    await connect(page);
    server.call.send("session.closed", { reason: "ended" });
    server.call.socket.close(1000);
    await until("the end", async () => (await eventsOf(page)).length > 1);

    expect((await eventsOf(page)).slice(1)).toEqual([["session_ended", { reason: "ended" }]]);
    expect((await devices(page)).tracks).toEqual(["ended"]);
  });

  /** The network is gone. */
  test("by a lost connection gives the close code", async () => {
    await connect(page);
    server.call.socket.terminate();
    await until("the end", async () => (await eventsOf(page)).length > 1);

    expect((await eventsOf(page)).slice(1)).toEqual([["session_ended", { reason: "1006" }]]);
    expect((await devices(page)).tracks).toEqual(["ended"]);
  });

  /** The visitor gives up while the server is still thinking. */
  test("while connecting rejects connect() and releases the devices", async () => {
    server.options = { onCall: () => undefined };
    const connecting = connect(page);
    await until("a socket", () => server.calls.length > 0);
    await page.evaluate(() => window.agent.disconnect());

    expect(await connecting).toMatchObject({ connected: false, cause: "AbortError" });
    await until("released devices", async () =>
      (await devices(page)).tracks.every((state) => state === "ended"),
    );
  });
});

describe("errors", () => {
  /** First path: a handshake that fails rejects `connect()`, and fires no event. */
  test("of the handshake reject connect()", async () => {
    const outcome = await connect(page, { apiKey: "sk_wrong" });

    expect(outcome).toMatchObject({
      connected: false,
      message: "WebSocket connection failed",
      cause: "ConnectionClosed",
    });
    expect(await eventsOf(page)).toEqual([]);
    await until("a released microphone", async () =>
      (await devices(page)).tracks.every((state) => state === "ended"),
    );
  });

  /** Second path: an error in the session is an event, and the call goes on. */
  test("in the session are events", async () => {
    await connect(page);
    server.call.send("error", { code: "tool_timeout", message: "no result" });
    await until("the event", async () => (await eventsOf(page)).length > 1);

    expect((await eventsOf(page)).slice(1)).toEqual([
      ["error", { code: "tool_timeout", message: "no result" }],
    ]);
    expect(await page.evaluate(() => window.agent.isConnected)).toBe(true);
  });

  /** The visitor says no. */
  test("of a denied microphone have their own text and cause", async () => {
    const denying = await launchChromium({ permission: "deny" });
    try {
      await openPage(denying, `${server.url}/bare/page.html`);
      const outcome = await connect(page);

      expect(outcome).toMatchObject({ message: "Microphone access required", cause: "NotAllowedError" });
      await until("the goodbye", () => server.calls.length === 0 || server.call.closeCode !== undefined);
    } finally {
      await denying.close();
    }
  });

  /** Plain http on another host than localhost gives no microphone, and the cause says why. */
  test("of an insecure page have their own cause", async () => {
    const mapping = await launchChromium({ extra: ["--host-resolver-rules=MAP shop.test 127.0.0.1"] });
    try {
      await openPage(mapping, `http://shop.test:${server.port}/bare/page.html`);
      const outcome = await connect(page);

      expect(outcome).toMatchObject({ message: "Microphone access required", cause: "SecurityError" });
    } finally {
      await mapping.close();
    }
  });
});

describe("a page under a content security policy", () => {
  /** No eval, no blob, no inline script: a whole call without a single violation. */
  test("that allows nothing but its own files runs a call without complaint", async () => {
    await connect(page);
    server.call.speak(tone(440, 0.3, 24000));
    await until("sound", () => page.evaluate(() => window.agent.outputLevel > 0.1));
    await until("a frame", () => server.call.frames.length > 5);
    await page.evaluate(() => window.agent.disconnect());
    await until("the end", async () => (await eventsOf(page)).some(([name]) => name === "session_ended"));

    expect(complaints.texts).toEqual([]);
  });

  /** A page of another host loads everything from the server, and needs no baseUrl. */
  test("of another host needs only the server's name in it", async () => {
    const shop = await StubServer.start({
      policy: `default-src 'self'; script-src 'self' ${server.url}; connect-src 'self' ${server.url} ws://127.0.0.1:${server.port}`,
    });
    try {
      await openPage(chromium, `${shop.url}/bare/embedded.html?server=${encodeURIComponent(server.url)}`);
      await page.waitForFunction(() => window.events !== undefined);
      const outcome = await connect(page);
      server.call.speak(tone(440, 1, 24000));

      expect(outcome).toEqual({ connected: true });
      await until("sound", () => page.evaluate(() => window.agent.outputLevel > 0.1));
      await until("a frame", () => server.call.frames.length > 5);
      expect([shop.calls.length, complaints.texts]).toEqual([0, []]);
    } finally {
      await shop.stop();
    }
  });
});

describe("sound that the browser holds back", () => {
  /** A page that connects on load is silent until the visitor touches it, and loses nothing of what was said. */
  test("starts with the next gesture", async () => {
    // Playwright's own questions to a page count as gestures, so here the page speaks and the test listens.
    const levels: number[] = [];
    await page.exposeFunction("reportLevel", (level: number) => levels.push(level));
    server.options = {
      onCall: (call) => {
        call.create();
        call.speak(tone(440, 1, 24000));
      },
    };
    await page.goto("about:blank");
    await page.goto(`${server.url}/bare/page.html#auto`);
    await until("a call", () => server.calls.length > 0);
    await pause(1000);
    expect(Math.max(...levels)).toBeLessThan(SILENCE);

    await page.mouse.click(5, 5);
    await until("sound", () => levels.some((level) => level > 0.1));
  });

  /** A phone call or a locked screen suspends the sound in the middle of a call; it comes back by itself. */
  test("comes back when it is suspended during a call", async () => {
    await connect(page);
    await page.evaluate(() => (window as unknown as { contexts: AudioContext[] }).contexts[0]?.suspend());
    await until("running sound", async () => (await devices(page)).contexts[0] === "running");
    server.call.speak(tone(440, 1, 24000));

    await until("sound", () => page.evaluate(() => window.agent.outputLevel > 0.1));
  });
});

/** The documented order of the smoke page, from the first event to the end. */
test("the smoke page prints the events in their documented order", async () => {
  server.options = {
    onCall: (call) => {
      polite(call);
      call.send("agent_start_talking");
      call.speak(tone(440, 0.2, 24000));
      call.send("agent_stop_talking");
    },
  };
  await page.goto(`${server.url}/smoke.html?key=sk_1&agent=a1`);
  await page.waitForFunction(() => document.querySelector("#log")?.textContent?.includes("connected"));
  const lines = (await page.locator("#log").textContent())?.trim().split("\n") ?? [];
  const names = lines.map((line) => line.split(" ")[0]);

  expect(names.filter((name) => name !== "connected")).toEqual([
    "session_started",
    "agent_start_talking",
    "agent_stop_talking",
  ]);
  expect(lines[0]).toBe(
    'session_started {"session_id":"7d0c2a52-6f0e-4a53-8f6c-0d4a0c7b8a11","call_id":"CALL-1776756378884-6a553c"}',
  );
  expect(complaints.texts).toEqual([]);
});
