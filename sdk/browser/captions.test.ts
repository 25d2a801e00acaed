/** Captions, the agent's text and what a cut leaves of both, against the sound that came out of a real browser. */
import { readFileSync, rmSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seams } from "../test/seams.js";
import { expectOneCall, named, QUESTION, said } from "./call-scene.js";
import { joined, loudStretches, median, pitchHz, playedAtS, rises, type Joined } from "./captured-words.js";
import { capturedToTheEnd, type Captured } from "./engine-scene.js";
import { heardEvents, inHeardCall, startWithVoice, type Voiced } from "./heard-scene.js";
import { Proxy } from "./proxy.js";
import { pause, until } from "./scene.js";
import { sequence, silence } from "./sound.js";
import { hasServer } from "./vivavoce.js";

/** What is asked of captions, in seconds. */
const MEDIAN_S = 0.1;
const WORST_S = 0.25;
/** How far the agent's text may be from the sound, in seconds. */
const TEXT_S = 0.3;
/** How exactly the length of what was played is known, in seconds: fades begin and end in silence. */
const EXACT_S = 0.005;

/** Below this the captured output counts as silence, as in `caption_voices.py`. */
const QUIET = 0.01;

/** Of `caption_voices.py`: how long each hum is, how loud, and how high by its first letter. */
const HUM_S = 0.25;
const HUM_PEAK = 8000 / 32768;
const pitchOf = (word: string): number => 300 + 20 * (word.charCodeAt(0) - "a".charCodeAt(0));

/** No two words begin with the same letter. */
const ALPHABET =
  "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike " +
  "november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu.";
const LETTERS = ALPHABET.split(" ");

/** Commas and full stops are pauses that can be heard; the words behind one begin without a plosive, whose silence looks like one. */
const SPOKEN =
  "Hello, my name is Mona. I look after the museum, the garden, and the mill. " +
  "On Monday, we are away, on Friday, we open at nine, and we close at noon. " +
  "Now, what would you like to know?";

interface Word {
  readonly turn: number;
  readonly index: number;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

interface Told extends Word {
  /** When it was told, in seconds of the captured output. */
  readonly atS: number;
}

async function captions(page: Page): Promise<Told[]> {
  const events = await heardEvents(page, "caption");
  return events.map(({ event, atS }) => ({ ...(event as Word), atS }));
}

/** Waits until the agent has said all, and the output has been captured to its end. */
async function heardOut(page: Page, turns = 1): Promise<Captured> {
  const stops = async (): Promise<number> => (await named(page, "agent_stop_talking")).length;
  await until("the end of the agent's turn", async () => (await stops()) >= turns, 40_000);
  return capturedToTheEnd(page);
}

/** Each word was told once, in order, and as it is written. */
function expectEachOnce(told: readonly Told[], text: string): void {
  expect(told.map((word) => word.text)).toEqual(text.split(" "));
  expect(told.map(({ turn, index }) => [turn, index])).toEqual(told.map((_, index) => [1, index]));
}

/** What a failure tells. */
const inMs = (errors: readonly number[]): string =>
  `median ${Math.round(1000 * median(errors))} ms of ${errors.map((error) => Math.round(1000 * error)).join()}`;

/** A machine that has much else to do holds up one call; three in a row are the fault of ours. */
const MEASURED = { retry: 2 };

function expectInStep(toldS: readonly number[], heardS: readonly number[]): void {
  expect(toldS.length).toBe(heardS.length);
  const errors = toldS.map((atS, index) => atS - heardS[index]!);
  const distances = errors.map(Math.abs);
  expect(median(distances), inMs(errors)).toBeLessThan(MEDIAN_S);
  expect(Math.max(...distances), inMs(errors)).toBeLessThan(WORST_S);
}

/** Every hum was played once, in order, whole, and at its pitch: nothing is lost, repeated or torn. */
function expectAllHums(sound: Joined): void {
  const { samples, rateHz, pieces } = sound;
  const hum = HUM_S * rateHz;
  // Where a gap was, the fade into it and out of it looks like the joint of two words.
  const isGap = (at: number): boolean =>
    pieces.some(([begin]) => begin > 0 && Math.abs(begin - at) < 2 * EXACT_S * rateHz);
  const pitches = LETTERS.map((_, index) => {
    const inside = samples.subarray((index + 0.1) * hum, (index + 0.9) * hum);
    return pitchHz(inside, rateHz);
  });

  expect(Math.abs(samples.length / rateHz - LETTERS.length * HUM_S)).toBeLessThan(EXACT_S);
  for (const at of rises(sound).filter((one) => !isGap(one))) {
    expect(Math.abs(at - Math.round(at / hum) * hum) / rateHz).toBeLessThan(EXACT_S);
  }
  expect(pitches.map((pitch) => Math.round(pitch / 10) * 10)).toEqual(LETTERS.map(pitchOf));
}

/** When the hums began, in seconds of the context. */
const humsS = (sound: Joined): number[] =>
  LETTERS.map((_, index) => playedAtS(sound, Math.round(index * HUM_S * sound.rateHz)));

describe.runIf(hasServer)("with espeak-ng", () => {
  let voiced: Voiced;
  beforeAll(async () => {
    voiced = await startWithVoice("espeak", { VIVAVOCE_STT: "auto" });
  });
  afterAll(() => (voiced as Voiced | undefined)?.stop());

  /** What can be heard of words without asking who said them: where sound begins behind a pause, and where it ends. */
  test("captions come when their words are heard", MEASURED, async () => {
    await inHeardCall({ server: voiced.server, greeting: SPOKEN, visitor: silence(60) }, async (page) => {
      const stretches = loudStretches(await heardOut(page), 0.12, QUIET);
      const told = await captions(page);
      const afterPause = told.filter((_, index) => index === 0 || /[,.]$/.test(told[index - 1]!.text));
      const last = told.at(-1)!;

      expectEachOnce(told, SPOKEN);
      expectInStep(
        [...afterPause.map(({ atS }) => atS), last.atS + last.end - last.start],
        [...stretches.map(({ fromS }) => fromS), stretches.at(-1)!.toS],
      );
    });
  });

  /** What the visitor says while the network is gone is understood as if it had never been gone. */
  test("a cut in the visitor's sentence loses none of his words", async () => {
    const questionS = QUESTION.samples.length / QUESTION.rateHz;
    const proxy = await Proxy.start(Number(new URL(voiced.server.url).port));
    const understood = async (isCut: boolean): Promise<string[]> => {
      let words: string[] = [];
      const visitor = sequence([[4, QUESTION]], 60);
      const call = { server: voiced.server, greeting: "Yes?", visitor, config: { baseUrl: proxy.url } };
      await inHeardCall(call, async (page) => {
        const isSpeaking = (): Promise<boolean> => page.evaluate(() => window.agent.inputLevel > 0.03);
        await until("the visitor's voice", isSpeaking, 20_000);
        if (isCut) {
          await pause(600);
          proxy.isDown = true;
          proxy.cut();
          await pause(1000 * questionS - 1200);
          proxy.isDown = false;
        }
        await heardOut(page, 2);
        words =
          (await said(page, true))
            .join(" ")
            .toLowerCase()
            .match(/[a-z']+/g) ?? [];
        expect((await named(page, "reconnected")).length).toBe(isCut ? 1 : 0);
        await expectOneCall(page, voiced.server);
      });
      return words;
    };
    try {
      const whole = await understood(false);

      expect(whole.length).toBeGreaterThan(5);
      const cut = await understood(true);
      // A microphone never begins at the same sample twice, and a recogniser may write one word differently.
      expect(cut.filter((word) => !whole.includes(word)).length, `${cut} / ${whole}`).toBeLessThan(2);
      expect(Math.abs(cut.length - whole.length), `${cut} / ${whole}`).toBeLessThan(2);
    } finally {
      await proxy.stop();
    }
  });
});

describe.runIf(hasServer)("with a voice that tells no times", () => {
  let voiced: Voiced;
  beforeAll(async () => {
    voiced = await startWithVoice("untold");
  });
  afterAll(() => (voiced as Voiced | undefined)?.stop());

  interface Truth {
    readonly words: readonly (readonly [text: string, startS: number, endS: number])[];
    readonly duration_s: number;
    readonly loud_s: readonly [firstS: number, lastS: number];
  }

  /** The voice is espeak-ng, which knows better than the server, and told the test alone. */
  test("captions are estimated well enough", MEASURED, async () => {
    rmSync(voiced.truth, { force: true });
    await inHeardCall({ server: voiced.server, greeting: SPOKEN, visitor: silence(60) }, async (page) => {
      const sound = await heardOut(page);
      const parts = readFileSync(voiced.truth, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Truth);
      const begins = parts.map((_, index) =>
        parts.slice(0, index).reduce((sum, { duration_s }) => sum + duration_s, 0),
      );
      const stretches = loudStretches(sound, 0.12, QUIET);
      const zeroS = stretches[0]!.fromS - parts[0]!.loud_s[0];
      const told = await captions(page);

      expectEachOnce(told, SPOKEN);
      // Nothing came late, so that the voice's own times are those of the output.
      expect(
        Math.abs(stretches.at(-1)!.toS - (zeroS + begins.at(-1)! + parts.at(-1)!.loud_s[1])),
      ).toBeLessThan(4 * EXACT_S);
      expectInStep(
        told.map(({ atS }) => atS),
        parts.flatMap(({ words }, index) => words.map(([, startS]) => zeroS + begins[index]! + startS)),
      );
    });
  });
});

describe.runIf(hasServer)("with words that can be told by ear", () => {
  let voiced: Voiced;
  beforeAll(async () => {
    voiced = await startWithVoice("scale");
  });
  afterAll(() => (voiced as Voiced | undefined)?.stop());

  /**
   * Every word, by the dip of the sound before it.
   * The text of a running turn is what has been heard of it, no more and not much less.
   */
  test("captions and the agent's text follow the sound", MEASURED, async () => {
    await inHeardCall({ server: voiced.server, greeting: ALPHABET, visitor: silence(60) }, async (page) => {
      const sound = joined(await heardOut(page));
      const told = await captions(page);

      expectAllHums(sound);
      expectEachOnce(told, ALPHABET);
      expectInStep(
        told.map(({ atS }) => atS),
        rises(sound).map((at) => playedAtS(sound, at)),
      );

      const ends = humsS(sound).map((startS) => startS + HUM_S);
      const deltas = await heardEvents(page, "transcript_delta");
      const texts = deltas.map(({ event }) => (event as { text: string }).text);
      const errors = deltas.map(({ atS }, index) => atS - ends[texts[index]!.split(" ").length - 1]!);

      expect(texts.at(-1)).toBe(ALPHABET);
      expect(texts.every((text) => ALPHABET.startsWith(text))).toBe(true);
      expect(Math.min(...errors), inMs(errors)).toBeGreaterThan(-TEXT_S);
      expect(Math.max(...errors), inMs(errors)).toBeLessThan(TEXT_S);
    });
  });

  /** What was on its way is heard out, and then silence; behind it the very next sample is played. */
  test("a cut in mid-sentence loses, repeats and tears no word", async () => {
    const proxy = await Proxy.start(Number(new URL(voiced.server.url).port));
    const call = {
      server: voiced.server,
      greeting: ALPHABET,
      visitor: silence(60),
      config: { baseUrl: proxy.url },
    };
    try {
      await inHeardCall(call, async (page) => {
        const after = (word: number): Promise<void> =>
          until("a word", async () => (await captions(page)).length > word);
        const isBack = async (times: number): Promise<boolean> =>
          (await named(page, "reconnected")).length === times;
        await after(3);
        proxy.cut();
        await until("the call to go on", () => isBack(1));
        await after(11);
        proxy.isDown = true;
        proxy.cut();
        await pause(2500);
        proxy.isDown = false;
        await until("the call to go on", () => isBack(2));
        const captured = await heardOut(page);
        const sound = joined(captured);
        const told = await captions(page);
        const expected = { rateHz: captured.rateHz, peak: HUM_PEAK, highestHz: pitchOf("z"), fadeS: 0.004 };

        expect(sound.pieces.length).toBeGreaterThan(1);
        expectAllHums(sound);
        expect(seams(captured.samples, expected)).toEqual([]);
        expectEachOnce(told, ALPHABET);
        const lates = humsS(sound).map((startS, index) => Math.abs(told[index]!.atS - startS));
        expect(median(lates), inMs(lates)).toBeLessThan(MEDIAN_S);
        await expectOneCall(page, voiced.server);
      });
    } finally {
      await proxy.stop();
    }
  });
});
