import { describe, expect, test } from "vitest";
import { askWhy, explain, explainEnd, listAgents, mintToken, ServerRefused } from "../../pages/server.js";

interface Asked {
  readonly url: string;
  readonly init: RequestInit | undefined;
}

/** A server that gives every request the same answer. */
function answering(status: number, body: unknown = {}): { fetch: typeof fetch; asked: Asked[] } {
  const asked: Asked[] = [];
  const answer: typeof fetch = (url, init) => {
    asked.push({ url: String(url), init });
    return Promise.resolve(Response.json(body, { status }));
  };
  return { fetch: answer, asked };
}

const absent: typeof fetch = () => Promise.reject(new TypeError("Failed to fetch"));

describe("the list of agents", () => {
  /** An open server names its agents and what answers. */
  test("is what the server says", async () => {
    const agents = [{ id: "a1", name: "Ada" }];
    const { fetch, asked } = answering(200, { agents, brain: "rules" });

    expect(await listAgents(fetch)).toEqual({ kind: "open", agents, brain: "rules" });
    expect(asked[0]?.url).toBe("page/agents");
  });

  /** A closed server wants a key. */
  test.each([401, 403])("is locked with status %i", async (status) => {
    expect(await listAgents(answering(status).fetch)).toEqual({ kind: "locked" });
  });

  /** Neither a broken server nor none is a reason to ask for a key. */
  test("is unreachable without a working server", async () => {
    expect(await listAgents(answering(500).fetch)).toEqual({ kind: "unreachable" });
    expect(await listAgents(absent)).toEqual({ kind: "unreachable" });
  });
});

/** One token for one call with one agent. */
test("a token is asked for by agent", async () => {
  const { fetch, asked } = answering(201, { access_token: "wct_1" });

  expect(await mintToken(fetch, "a1")).toBe("wct_1");
  expect([asked[0]?.url, asked[0]?.init?.method, asked[0]?.init?.body]).toEqual([
    "page/token",
    "POST",
    '{"agent_id":"a1"}',
  ]);
});

/** A refusal keeps its status, which decides what the visitor is told. */
test("a refused token tells its status", async () => {
  await expect(mintToken(answering(429).fetch, "a1")).rejects.toMatchObject({
    name: "ServerRefused",
    status: 429,
  });
});

describe("asking why a socket was refused", () => {
  /** The socket hides the status; the REST route of the same agent shows it. */
  test("gives the status of the same key and agent", async () => {
    const { fetch, asked } = answering(401);

    expect(await askWhy(fetch, "sk_1", "a/1")).toMatchObject({ status: 401 });
    expect(asked[0]?.url).toBe("atoms/v1/agent/a%2F1");
    expect(asked[0]?.init?.headers).toEqual({ Authorization: "Bearer sk_1" });
  });

  /** Where key and agent are right, the reason lies elsewhere. */
  test("gives nothing when key and agent are right", async () => {
    expect(await askWhy(answering(200).fetch, "sk_1", "a1")).toBeUndefined();
  });

  /** Without a server there is nobody to ask. */
  test("gives the network's error without a server", async () => {
    expect(await askWhy(absent, "sk_1", "a1")).toBeInstanceOf(TypeError);
  });
});

describe("an explanation", () => {
  const failed = (message: string, name: string, detail = ""): Error =>
    new Error(message, { cause: Object.assign(new Error(detail), { name }) });

  /** Every kind of failure has a sentence of its own that says what to do. */
  test.each([
    [failed("Microphone access required", "NotAllowedError"), "blocked"],
    [failed("Microphone access required", "NotFoundError"), "No microphone"],
    [failed("Microphone access required", "NotReadableError"), "in use"],
    [failed("Microphone access required", "SecurityError"), "https"],
    [failed("Microphone access required", "OddError"), "OddError"],
    [failed("WebSocket connection failed", "ConnectionClosed"), "cannot be reached"],
    [failed("WebSocket connection failed", "TimeoutError"), "in time"],
    [failed("WebSocket connection failed", "SessionRefused", "503: full"), "503: full"],
    [new ServerRefused(401), "key was not accepted"],
    [new ServerRefused(400), "does not know this agent"],
    [new ServerRefused(503), "busy"],
    [new ServerRefused(418), "418"],
    [new TypeError("Failed to fetch"), "cannot be reached"],
  ])("of %s", (error, words) => {
    expect(explain(error)).toContain(words);
  });

  /** The end of a call is told in words; a word of a newer server is passed on. */
  test.each([
    ["client_requested", "You ended"],
    ["timeout", "time limit"],
    ["1006", "lost"],
    ["out_of_tea", "out_of_tea"],
  ])("of the end %s", (reason, words) => {
    expect(explainEnd(reason)).toContain(words);
  });
});
