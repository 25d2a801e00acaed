import { afterEach, expect, test, vi } from "vitest";
import { Embedding } from "../../src/widget/embedding.js";
import { EmbedRefused } from "../../src/widget/errors.js";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const PARTY = { server: "https://voice.example", assistantId: "a1" };
const REFUSED = { status: false, errors: ["not on this page"], code: "host_not_allowed" };

/** The embedding of an element with these attributes. */
const embedding = (attributes: Record<string, string>): Embedding =>
  new Embedding((name) => attributes[name] ?? null);

const embedded = (): Embedding => embedding({ "assistant-id": "a1", server: "https://voice.example" });

/** Answers every request alike. */
function answering(status: number, body: unknown): void {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(body), { status })));
  vi.stubGlobal("location", { hostname: "shop.example" });
}

/** What the page's owner reads in the browser's console. */
function advice(): string[] {
  const read: string[] = [];
  vi.spyOn(console, "error").mockImplementation((text: string) => void read.push(text));
  return read;
}

/** Attributes are written by hand: spaces and a slash at the end do no harm. */
test("the agent and the server are those of the attributes", () => {
  const party = embedding({ "assistant-id": " a1 ", server: " https://voice.example/ " }).party();

  expect(party).toEqual(PARTY);
});

test.each([
  [{ server: "https://voice.example" }, "assistant-id"],
  [{ "assistant-id": "a1" }, "server"],
])("the owner reads which attribute is missing beside %o", (attributes, missing) => {
  const read = advice();

  expect(embedding(attributes as Record<string, string>).party()).toBeUndefined();
  expect(read).toEqual([`Vivavoce: the widget needs the attribute "${missing}"`]);
});

test("the looks are the server's", async () => {
  answering(200, { status: true, data: { title: "The bakery" } });
  const shop = embedded();

  expect(await shop.load()).toEqual({ refusal: undefined });
  expect(shop.config).toEqual({ title: "The bakery" });
});

/** A server that cannot be reached, or does not know what is asked, leaves the widget as its attributes say. */
test("without an answer there are none, and that is no refusal", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  const shop = embedded();

  expect(await shop.load()).toEqual({ refusal: undefined });
  expect(shop.config).toBeUndefined();
});

/** The attributes have changed meanwhile: only the newest answer counts. */
test("an earlier question is dropped by a later one", async () => {
  const asked: AbortSignal[] = [];
  vi.stubGlobal("fetch", (_: string, { signal }: { signal: AbortSignal }) => {
    asked.push(signal);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
      if (asked.length === 2) {
        resolve(new Response('{"data":{"title":"new"}}'));
      }
    });
  });
  const shop = embedded();
  const first = shop.load();

  expect(await shop.load()).toEqual({ refusal: undefined });
  expect(await first).toBeUndefined();
  expect(shop.config).toEqual({ title: "new" });
});

/** It was on its way already when the attributes changed. */
test("an answer to an earlier question does not replace a later one", async () => {
  const answers: ((response: Response) => void)[] = [];
  vi.stubGlobal("fetch", () => new Promise<Response>((resolve) => answers.push(resolve)));
  const shop = embedded();
  const loads = [shop.load(), shop.load()];
  answers[1]?.(new Response('{"data":{"title":"new"}}'));
  await loads[1];
  answers[0]?.(new Response('{"data":{"title":"old"}}'));

  expect(await loads[0]).toBeUndefined();
  expect(shop.config).toEqual({ title: "new" });
});

/** The visitor cannot mend it, so it stands in the browser's console, where the owner looks. */
test("a host that is not allowed is told to the owner once", async () => {
  answering(403, REFUSED);
  const read = advice();
  const shop = embedded();
  const loaded = await shop.load();

  expect(loaded?.refusal).toBeInstanceOf(EmbedRefused);
  await expect(shop.token(PARTY, "chat", new AbortController().signal)).rejects.toMatchObject({
    code: "host_not_allowed",
  });
  expect(read).toEqual([expect.stringContaining('may not be embedded on "shop.example"')]);
});

test("other refusals are told to the visitor alone", async () => {
  answering(429, { status: false, errors: ["all lines are busy"], code: "agent_busy" });
  const read = advice();

  await expect(embedded().token(PARTY, "webcall", new AbortController().signal)).rejects.toMatchObject({
    code: "agent_busy",
  });
  expect(read).toEqual([]);
});
