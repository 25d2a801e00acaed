import { afterEach, describe, expect, test, vi } from "vitest";
import { EmbedRefused } from "../../src/widget/errors.js";
import { fetchConfig, fetchToken, ownerAdvice, serverOf } from "../../src/widget/server.js";

afterEach(() => void vi.unstubAllGlobals());

/** The server is the one that served the script, also below a path of its own. */
test.each([
  ["https://voice.example/sdk/widget.js", "https://voice.example"],
  ["https://shop.example/voice/sdk/widget.js", "https://shop.example/voice"],
  ["http://localhost:8600/npm/atoms-widget-core@latest/dist/embed/widget.umd.js", "http://localhost:8600"],
  ["https://shop.example/assets/bundle.js", undefined],
  ["file:///sdk/widget.js", undefined],
  [undefined, undefined],
])("the server of the script %s is %s", (script, expected) => {
  expect(serverOf(script)).toBe(expected);
});

/** Answers every request with `body`, and keeps what was asked. */
function answering(status: number, body: unknown): { url: string; init: RequestInit }[] {
  const asked: { url: string; init: RequestInit }[] = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    asked.push({ url, init });
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  return asked;
}

const signal = (): AbortSignal => new AbortController().signal;

describe("the widget's requests", () => {
  /** The page's cookies stay with the page. */
  test("ask for a token without credentials", async () => {
    const asked = answering(201, { access_token: "wct_1", expires_in: 30 });
    const token = await fetchToken("https://voice.example", "a1", "chat", signal());

    expect(token).toBe("wct_1");
    expect(asked[0]?.url).toBe("https://voice.example/embed/token");
    expect(asked[0]?.init).toMatchObject({
      method: "POST",
      credentials: "omit",
      body: '{"assistantId":"a1","mode":"chat"}',
    });
  });

  test("give the configuration of the agent", async () => {
    const asked = answering(200, { status: true, data: { title: "The bakery" } });

    expect(await fetchConfig("https://voice.example", "a/1", signal())).toEqual({ title: "The bakery" });
    expect(asked[0]?.url).toBe("https://voice.example/embed/config/a%2F1");
  });

  /** The server's own word decides what the visitor is told. */
  test("are refused with the server's code", async () => {
    answering(429, { status: false, errors: ["all lines are busy"], code: "agent_busy" });
    const error: unknown = await fetchToken("https://voice.example", "a1", "webcall", signal()).catch(
      (refusal: unknown) => refusal,
    );

    expect(error).toBeInstanceOf(EmbedRefused);
    expect(error).toMatchObject({ code: "agent_busy", message: "all lines are busy" });
  });

  /** A proxy in between answers in HTML. */
  test("are refused with the status where the answer is not ours", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("<h1>Bad gateway</h1>", { status: 502 })));

    await expect(fetchConfig("https://voice.example", "a1", signal())).rejects.toMatchObject({ code: "502" });
  });

  /** Nobody waits for ever. */
  test("end when the conversation does", async () => {
    vi.stubGlobal(
      "fetch",
      (_url: string, init: RequestInit) =>
        new Promise((_, reject) =>
          init.signal?.addEventListener("abort", () => reject(new Error("aborted"))),
        ),
    );
    const stop = new AbortController();
    const asking = fetchToken("https://voice.example", "a1", "chat", stop.signal);
    stop.abort();

    await expect(asking).rejects.toThrow("aborted");
  });
});

/** The owner of a page learns what to do, and where. */
test("the advice names host, agent and console", () => {
  expect(ownerAdvice("shop.example", "a1", "https://voice.example")).toMatch(
    /a1.*"shop\.example".*Add shop\.example.*allowed hosts.*https:\/\/voice\.example/,
  );
});
