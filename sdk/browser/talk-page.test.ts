/** The talk page as a visitor uses it, against a stub of the server. */
import { describe, expect, test } from "vitest";
import { findings } from "./axe.js";
import { launchChromium } from "./chromium.js";
import { pause, until } from "./scene.js";
import { picture, SIZES } from "./shots.js";
import { tone } from "./sound.js";
import { stubScene, turnPage } from "./stub-scene.js";
import { EXTENSION, polite, StubServer, type Call } from "./stub-server.js";

const AGENTS = [
  { id: "aaaaaaaaaaaaaaaaaaaaaaaa", name: "Ada" },
  { id: "bbbbbbbbbbbbbbbbbbbbbbbb", name: "Grace" },
];

/** The page routes of an open server. */
function open(path: string): { status: number; body: unknown } {
  return path === "/page/agents"
    ? { status: 200, body: { agents: AGENTS, brain: "Answered by rules and espeak-ng." } }
    : { status: 201, body: { access_token: "wct_1", expires_in: 30 } };
}

const scene = stubScene({ page: open });

const state = (): Promise<string | null> => scene.page.locator("#state").textContent();
const problem = (): Promise<string | null> => scene.page.locator("#problem").textContent();
const captions = (): Promise<string[]> => scene.page.locator("#captions li").allInnerTexts();

/** Waits until a call is open and nobody speaks. */
const listening = async (): Promise<void> => scene.page.locator('#stage[data-state="listening"]').waitFor();

/** Opens the page and a call. */
async function talk(pushToTalk = false): Promise<Call> {
  await scene.page.goto(scene.server.url);
  await scene.page.locator("#push-to-talk").setChecked(pushToTalk);
  await scene.page.locator("#talk:not([disabled])").click();
  await listening();
  return scene.server.call;
}

/** The page names its agents, and the address may choose one. */
test("the agent of the address is chosen", async () => {
  await scene.page.goto(`${scene.server.url}/?agent=${AGENTS[1]?.id}`);
  await scene.page.locator("#talk:not([disabled])").waitFor();

  expect(await scene.page.locator("#agent").inputValue()).toBe(AGENTS[1]?.id);
  expect(await scene.page.locator("#agent option").allTextContents()).toEqual(["Ada", "Grace"]);
  expect(await scene.page.locator("#brain").textContent()).toBe("Answered by rules and espeak-ng.");
  expect(await scene.page.locator("#snippet").textContent()).toContain(
    `${scene.server.url}/sdk/agent-sdk.browser.js`,
  );
  expect(await scene.page.locator("#snippet").textContent()).toContain(AGENTS[1]?.id);
  expect(await scene.page.locator("#typing").isVisible()).toBe(false);
});

/** A whole call: token, captions that grow and settle, an interruption, typed words, the time to the answer, the end. */
test("a call is shown from the first word to the end, without a complaint", async () => {
  const call = await talk();
  expect([call.query.get("token"), call.query.get("agent_id")]).toEqual(["wct_1", AGENTS[0]?.id]);

  call.send("agent_start_talking");
  call.speak(tone(440, 3, 24000));
  call.send("transcript.delta", { role: "assistant", text: "Good" });
  call.send("transcript.delta", { role: "assistant", text: "Good morning to you" });
  await until("a caption", async () => (await captions()).includes("Agent\nGood morning to you"));
  expect(await state()).toBe("Talking");
  expect(await scene.page.locator("#captions li").getAttribute("data-settled")).toBe("false");

  call.send("interruption");
  call.send("transcript", { role: "assistant", text: "Good morning" });
  call.send("agent_stop_talking");
  call.send("transcript.delta", { role: "user", text: "What is" });
  await until("two captions", async () => (await captions()).length === 2);
  expect(await captions()).toEqual(["Agent\nGood morning — interrupted", "You\nWhat is"]);

  // The microphone beeps, so the visitor was heard; then the turn is taken, and answered after 400 ms.
  await until("a frame", () => call.frames.length > 20);
  await scene.page.locator("#mute").click();
  call.send("transcript", { role: "user", text: "What is the price?" });
  await until("thought", async () => (await state()) === "Thinking …");
  await pause(400);
  call.send("agent_start_talking");
  call.speak(tone(440, 0.5, 24000));
  await scene.page.locator("#latency").waitFor();
  const measured = /first sound ([\d.]+) s after your last word was heard here/.exec(
    (await scene.page.locator("#latency").textContent()) ?? "",
  );
  expect(Number(measured?.[1])).toBeGreaterThan(0.4);
  expect(Number(measured?.[1])).toBeLessThan(3);
  call.send("agent_stop_talking");

  await scene.page.locator("#text").fill("And in euros?");
  await scene.page.locator("#text").press("Enter");
  await until("the text", () => call.types.includes("input_text.send"));
  expect(call.received.find(({ type }) => type === "input_text.send")).toMatchObject({
    text: "And in euros?",
  });

  await scene.page.locator("#end").click();
  await until("the end", async () => (await state()) === "You ended the call");
  expect(await scene.page.locator("#talk").isVisible()).toBe(true);
  expect(await scene.page.locator("#typing").isVisible()).toBe(false);
  expect(await scene.page.locator("#call-id").textContent()).toBe("CALL-1776756378884-6a553c");
  expect(scene.complaints.texts).toEqual([]);
});

/** Only held, the microphone speaks: by button, and by the space bar. */
test("push to talk sends only while the button or the space bar is held", async () => {
  const call = await talk(true);
  await pause(500);
  expect(call.frames.length).toBe(0);

  await scene.page.keyboard.down("Space");
  await until("frames while the space bar is held", () => call.frames.length > 10);
  await scene.page.keyboard.up("Space");
  await pause(100);
  const afterSpace = call.frames.length;
  await pause(400);
  expect(call.frames.length).toBe(afterSpace);

  await scene.page.locator("#hold").hover();
  await scene.page.mouse.down();
  await until("frames while the button is held", () => call.frames.length > afterSpace + 10);
  await scene.page.mouse.up();
  await pause(100);
  const afterButton = call.frames.length;
  await pause(400);
  expect(call.frames.length).toBe(afterButton);
});

/** A space typed into the text is a space. */
test("the space bar writes spaces in the text field", async () => {
  const call = await talk(true);
  await scene.page.locator("#text").pressSequentially("a b");

  expect(await scene.page.locator("#text").inputValue()).toBe("a b");
  expect(call.frames.length).toBe(0);
});

/** Mute is a button that stays down. */
test("mute stops the microphone and shows it", async () => {
  const call = await talk();
  await until("a frame", () => call.frames.length > 0);
  await scene.page.locator("#mute").click();
  await pause(100);
  const muted = call.frames.length;
  await pause(400);

  expect(await scene.page.locator("#mute").getAttribute("aria-pressed")).toBe("true");
  expect(call.frames.length).toBe(muted);
});

/** Everything can be done with the keyboard. */
test("a call can be opened and ended by keyboard alone", async () => {
  await scene.page.goto(scene.server.url);
  await scene.page.locator("#talk:not([disabled])").waitFor();
  await scene.page.locator("#talk").focus();
  await scene.page.keyboard.press("Enter");
  await listening();
  await scene.page.keyboard.press("Tab");
  await scene.page.keyboard.press("Tab");
  expect(await scene.page.evaluate(() => document.activeElement?.id)).toBe("end");
  await scene.page.keyboard.press("Enter");

  await until("the end", async () => (await state()) === "You ended the call");
});

/** Pictures in every size, light and dark, without a finding of axe-core. */
async function look(name: string): Promise<void> {
  const { page } = scene;
  for (const { width, height, scheme } of SIZES) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await picture(page, `talk-${name}-${width}-${scheme}`, { fullPage: true });

    expect(await findings(page)).toEqual([]);
  }
}

describe("on the extension of the wire", () => {
  /** Lets the call in, and takes it up again when it comes back. */
  const extended = (call: Call): void => {
    const inputSeq = call.query.get("input_seq");
    call.create(
      24000,
      inputSeq === null ? EXTENSION : { ...EXTENSION, resumed: true, input_seq: Number(inputSeq) },
    );
  };

  async function extendedCall(): Promise<Call> {
    scene.server.options = { ...scene.server.options, onCall: extended };
    return talk();
  }

  /** The agent says seconds of sound, and the words of it. */
  function say(call: Call, words: readonly [text: string, start: number][], seconds: number): void {
    const samples = tone(220, seconds, 24000);
    const audio = Buffer.from(samples.buffer, 0, samples.byteLength).toString("base64");
    call.send("agent_start_talking", { seq: 1, turn: 1 });
    const timed = words.map(([text, start]) => ({ text, start, end: start + 0.3 }));
    call.send("caption", { seq: 2, turn: 1, first: 0, words: timed });
    call.send("output_audio.delta", { seq: 3, turn: 1, start: 0, audio });
  }

  const fresh = (): Promise<string[]> => scene.page.locator("#captions .fresh").allTextContents();

  /** Not before it is heard, and the last one stands out. */
  test("captions come word by word as they are heard", async () => {
    const call = await extendedCall();
    say(
      call,
      [
        ["Good", 0.1],
        ["morning", 0.8],
        ["to", 2.2],
        ["you.", 60],
      ],
      5,
    );
    await until("the first word", async () => (await captions()).includes("Agent\nGood"));
    expect(await fresh()).toEqual(["Good"]);
    await until("the second", async () => (await captions()).includes("Agent\nGood morning"));
    // The text of the turn comes more coarsely, and does not take words back.
    call.send("transcript.delta", { seq: 4, turn: 1, role: "assistant", text: "Good" });
    await until("the third", async () => (await captions()).includes("Agent\nGood morning to"));
    expect(await fresh()).toEqual(["to"]);
    await look("words");
    call.send("transcript", { seq: 5, turn: 1, role: "assistant", text: "Good morning to you." });
    await until("the text", async () => (await captions()).includes("Agent\nGood morning to you."));

    expect(await fresh()).toEqual([]);
    expect(scene.complaints.texts).toEqual([]);
  });

  /** The visitor sees why it is silent, and that it goes on. */
  test("a network that is lost is shown, and its return too", async () => {
    const call = await extendedCall();
    scene.server.options = { ...scene.server.options, onCall: (next) => next.socket.terminate() };
    call.socket.terminate();
    await until("the loss", async () => (await state()) === "Reconnecting …");
    expect(await scene.page.locator("#end").isVisible()).toBe(true);
    await look("reconnecting");
    scene.server.options = { ...scene.server.options, onCall: extended };

    await until("its return", async () => (await state()) === "Listening");
    expect(scene.server.call.query.get("resume")).toBe("vrt_1");
  });

  /** A phone call, a locked screen: the next gesture is asked for. */
  test("a voice that the browser holds back asks for a tap", async () => {
    const call = await extendedCall();
    say(call, [["Good", 0.1]], 20);
    const button = scene.page.locator("#unlock");
    await scene.page.evaluate(async () => {
      const context = (window as unknown as { contexts: AudioContext[] }).contexts[0]!;
      const resume = context.resume.bind(context);
      // As on a telephone: nothing but a gesture starts it again.
      context.resume = () => Promise.reject(new Error("not without a gesture"));
      addEventListener("pointerdown", () => (context.resume = resume), { once: true });
      await context.suspend();
    });
    await button.waitFor();
    await look("suspended");
    await button.click();

    await button.waitFor({ state: "hidden" });
    const reports = (): unknown[] =>
      call.received.filter(({ type }) => type === "playback").map((report) => report["state"]);
    expect(reports()).toContain("suspended");
    await until("the sound", () => reports().at(-1) === "playing");
  });
});

describe("trouble", () => {
  /** A closed server: the visitor brings a key, which stays in this page. */
  test("a closed server asks for a key", async () => {
    scene.server.options = { page: () => ({ status: 401, body: {} }) };
    await scene.page.goto(scene.server.url);
    await scene.page.locator("#key").fill("sk_mine");
    await scene.page.locator("#agent-id").fill("cccccccccccccccccccccccc");
    await scene.page.locator("#talk").click();
    await until("a call", () => scene.server.calls.length > 0);

    expect(scene.server.call.query.get("token")).toBe("sk_mine");
    expect(scene.server.call.query.get("agent_id")).toBe("cccccccccccccccccccccccc");
    expect(
      await scene.page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]),
    ).toEqual([0, 0, ""]);
  });

  /** A wrong key is named as such, although a socket cannot tell. */
  test("a wrong key is named", async () => {
    scene.server.options = { page: () => ({ status: 401, body: {} }) };
    await scene.page.goto(scene.server.url);
    await scene.page.locator("#key").fill("sk_wrong");
    await scene.page.locator("#agent-id").fill("cccccccccccccccccccccccc");
    await scene.page.locator("#talk").click();
    await until("an explanation", async () => ((await problem()) ?? "").includes("key was not accepted"));

    expect(await scene.page.locator("#talk").isVisible()).toBe(true);
  });

  /** A server that is gone is named, and the page can be used again. */
  test("a missing server is named", async () => {
    await scene.page.goto(scene.server.url);
    await scene.page.locator("#talk:not([disabled])").waitFor();
    await scene.server.stop();
    await scene.page.locator("#talk").click();
    await until("an explanation", async () => ((await problem()) ?? "").includes("cannot be reached"));

    expect(await scene.page.locator("#talk").isVisible()).toBe(true);
    // The end of the test stops a server.
    scene.server = await StubServer.start();
  });

  /** The visitor said no; the page says how to change that. */
  test("a denied microphone is explained", async () => {
    const denying = await launchChromium({ permission: "deny" });
    try {
      await turnPage(scene, denying);
      await scene.page.goto(scene.server.url);
      await scene.page.locator("#talk:not([disabled])").click();
      await until("an explanation", async () =>
        ((await problem()) ?? "").includes("The microphone is blocked"),
      );

      expect(await scene.page.locator("#talk").isVisible()).toBe(true);
      expect(await state()).toBe("Ready when you are");
    } finally {
      await denying.close();
    }
  });

  /** A call that the server ends says why. */
  test("the end by the server is told in words", async () => {
    scene.server.options = { ...scene.server.options, onCall: polite };
    const call = await talk();
    call.send("session.closed", { reason: "timeout" });

    await until("the reason", async () => (await state()) === "The call reached its time limit");
  });
});
