import { describe, expect, test } from "vitest";
import { connectUrl, defaultBase, inputOnlyRateHz, socketBase, type CallAddress } from "../src/address.js";

const CALL: CallAddress = {
  baseUrl: "wss://voice.example",
  apiKey: "sk_1",
  agentId: "a1",
  sampleRate: 24000,
  mode: "webcall",
};

describe("the base URL", () => {
  /** Pages name their server in many ways, and all mean the same. */
  test.each([
    ["wss://voice.example", "wss://voice.example"],
    ["https://voice.example", "wss://voice.example"],
    ["http://localhost:8080/", "ws://localhost:8080"],
    ["ws://localhost:8080", "ws://localhost:8080"],
    ["wss://voice.example/atoms/v1", "wss://voice.example"],
    ["https://voice.example/atoms/v1/", "wss://voice.example"],
    ["wss://voice.example/atoms/v1/agent/connect", "wss://voice.example"],
    ["wss://voice.example/atoms/v1/agent/connect?mode=chat", "wss://voice.example"],
    ["https://voice.example/api/v1", "wss://voice.example"],
    ["https://shop.example/voice/", "wss://shop.example/voice"],
    ["https://shop.example/voice/atoms/v1", "wss://shop.example/voice"],
  ])("%s is the socket base %s", (baseUrl, expected) => {
    expect(socketBase(baseUrl)).toBe(expected);
  });

  /** What cannot be a server is refused by name, before anything is opened. */
  test.each(["voice.example", "localhost:8080", "ftp://voice.example", ""])(
    "%j is refused by name",
    (baseUrl) => {
      expect(() => socketBase(baseUrl)).toThrow(`baseUrl "${baseUrl}"`);
    },
  );
});

describe("the default server", () => {
  /** A page that loads the SDK from its server needs no baseUrl. */
  test("is the one that the script came from", () => {
    expect(defaultBase("https://voice.example/sdk/agent-sdk.js", "https://shop.example/")).toBe(
      "https://voice.example",
    );
  });

  /** A bundled SDK has no address of its own. */
  test("is the page's own for a script without a web address", () => {
    expect(defaultBase(undefined, "http://localhost:3000/talk?x")).toBe("http://localhost:3000");
    expect(defaultBase("file:///app/sdk.js", "http://localhost:3000/")).toBe("http://localhost:3000");
  });

  /** A page from the disk must name its server. */
  test("is missing for a page from the disk", () => {
    expect(() => defaultBase(undefined, "file:///index.html")).toThrow("baseUrl is missing");
    expect(() => defaultBase(undefined, undefined)).toThrow("baseUrl is missing");
  });
});

describe("the connect URL", () => {
  /** Key, agent, mode and rate travel in the query, in the documented spelling. */
  test("carries key, agent, mode and rate", () => {
    expect(connectUrl(CALL)).toBe(
      "wss://voice.example/atoms/v1/agent/connect?token=sk_1&agent_id=a1&mode=webcall&sample_rate=24000",
    );
  });

  /** Tokens are opaque: whatever is in them survives the query. */
  test("escapes the key", () => {
    expect(new URL(connectUrl({ ...CALL, apiKey: "wct_a+b/c=&d" })).searchParams.get("token")).toBe(
      "wct_a+b/c=&d",
    );
  });

  /** Three rates are negotiated for both directions. */
  test.each([8000, 16000, 24000])("sends %i as sample_rate", (sampleRate) => {
    const query = new URL(connectUrl({ ...CALL, sampleRate })).searchParams;

    expect([query.get("sample_rate"), query.get("input_audio_format")]).toEqual([String(sampleRate), null]);
    expect(inputOnlyRateHz(sampleRate)).toBeUndefined();
  });

  /** Higher rates are refused as sample_rate, and accepted as the microphone's format. */
  test.each([22050, 44100, 48000])("sends %i as the microphone's format only", (sampleRate) => {
    const query = new URL(connectUrl({ ...CALL, sampleRate })).searchParams;

    expect([query.get("sample_rate"), query.get("input_audio_format")]).toEqual([null, `pcm_${sampleRate}`]);
    expect(inputOnlyRateHz(sampleRate)).toBe(sampleRate);
  });

  /** What is missing or wrong is said by the option's name. */
  test.each([
    [{ apiKey: "" }, "apiKey is missing"],
    [{ agentId: "" }, "agentId is missing"],
    [{ sampleRate: 32000 }, "sampleRate 32000 is not supported"],
  ])("is not made with %j", (change, message) => {
    expect(() => connectUrl({ ...CALL, ...change })).toThrow(message);
  });

  /** Smoke pages pass query values unchecked, and those may be null. */
  test("is not made with a null key", () => {
    expect(() => connectUrl({ ...CALL, apiKey: null as unknown as string })).toThrow("apiKey is missing");
  });
});
