/** Opus both ways, with the codecs of a real Chromium and of the real server. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectOneCall, greeting, GREETING_S, inCall, QUESTION, said, words } from "./call-scene.js";
import { until } from "./scene.js";
import { sequence } from "./sound.js";
import { hasServer, Vivavoce } from "./vivavoce.js";

/** A frame of 40 ms has 1928 bytes as PCM at 24 kHz, one of 100 ms 4816. */
const MOST_PACKET_BYTES = 700;

describe.runIf(hasServer)("a call with Opus", () => {
  let server: Vivavoce;

  beforeAll(async () => {
    server = await Vivavoce.start();
  });
  afterAll(async () => {
    await (server as Vivavoce | undefined)?.stop();
  });

  /** Both sides are understood, at a small part of the bytes. */
  test("is spoken and heard", async () => {
    await inCall(server, sequence([[GREETING_S, QUESTION]], 60), { opus: true }, async (page, traffic) => {
      const text = await greeting(page);
      const heard = await words(page);
      await until("the visitor's words", async () => (await said(page, true)).length > 0, 40_000);
      const understood = (await said(page, true)).join(" ").toLowerCase();

      expect(heard).toBe(text);
      // Whatever else the recogniser makes of the sentence.
      for (const word of [/reports?/, /north/, /people/]) {
        expect(understood).toMatch(word);
      }
      for (const sizes of [traffic.sent, traffic.received]) {
        expect(sizes.length).toBeGreaterThan(20);
        expect(Math.max(...sizes)).toBeLessThan(MOST_PACKET_BYTES);
      }
      await expectOneCall(page, server);
    });
  });
});
