/** Calls whose network breaks in mid-sentence, against the real server, with real recognition and real speech. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectOneCall, greeting, inCall, isTalking, LONG_GREETING, named, words } from "./call-scene.js";
import { Proxy } from "./proxy.js";
import { pause, until } from "./scene.js";
import { silence } from "./sound.js";
import { hasServer, Vivavoce } from "./vivavoce.js";

describe.runIf(hasServer)("a call whose network breaks", () => {
  let server: Vivavoce;
  let agentId: string;
  let proxy: Proxy;

  beforeAll(async () => {
    server = await Vivavoce.start();
    agentId = await server.agent({ name: "Guide", firstMessage: LONG_GREETING });
  });
  afterAll(async () => {
    await (server as Vivavoce | undefined)?.stop();
  });
  beforeEach(async () => {
    proxy = await Proxy.start(Number(new URL(server.url).port));
  });
  afterEach(() => proxy.stop());

  const throughProxy = (use: (page: Page) => Promise<void>): Promise<void> =>
    inCall(server, silence(60), { agentId, baseUrl: proxy.url }, use);

  const isBack = async (page: Page, times = 1): Promise<boolean> =>
    (await named(page, "reconnected")).length >= times;

  /** Every word of the agent is heard once, in the loudspeaker and in the captions. */
  test("in the agent's sentence goes on without a lost or repeated word", async () => {
    await throughProxy(async (page) => {
      await until("the agent's voice", () => isTalking(page), 20_000);
      for (const [index, afterMs] of [700, 900, 1100].entries()) {
        await pause(afterMs);
        proxy.cut();
        await until("the call to go on", () => isBack(page, index + 1));
      }
      const text = await greeting(page);

      expect(text).not.toBe("");
      expect(await words(page)).toBe(text);
      expect((await named(page, "reconnecting")).length).toBeGreaterThanOrEqual(3);
      await expectOneCall(page, server);
    });
  });

  /** A dead socket that nobody speaks of is found by its silence. */
  test("without a word is found out, and the call goes on", async () => {
    await throughProxy(async (page) => {
      await until("the agent's voice", () => isTalking(page), 20_000);
      await pause(500);
      proxy.stall();
      await until("the call to go on", () => isBack(page), 20_000);
      const text = await greeting(page);

      expect(text).not.toBe("");
      expect(await words(page)).toBe(text);
      await expectOneCall(page, server);
    });
  });
});
