import { describe, expect, test } from "vitest";
import { settle } from "./fake-browser.js";
import { accept, describeError, rejection, scene } from "./scene.js";

/** A promise whose end the test decides. */
function open<Value>(): { promise: Promise<Value>; resolve(value: Value): void; reject(error: Error): void } {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

describe("a key that is fetched", () => {
  /** The gesture is used at once: sound is unlocked and the microphone asked for while the key is on its way. */
  test("does not hold the microphone up", async () => {
    const key = open<string>();
    const made = scene({ apiKey: () => key.promise });
    const connecting = made.agent.connect();

    expect(made.browser.contexts.length).toBe(1);
    expect(made.browser.asked.length).toBe(1);
    expect(made.browser.sockets.length).toBe(0);

    key.resolve("wct_1");
    await settle();
    await accept(made);
    await connecting;

    expect(new URL(made.browser.socket.url).searchParams.get("token")).toBe("wct_1");
  });

  /** Tokens are good for one call. */
  test("is fetched for each call", async () => {
    let count = 0;
    const made = scene({ apiKey: () => Promise.resolve(`wct_${(count += 1)}`), mode: "chat" });
    for (const expected of ["wct_1", "wct_2"]) {
      const connecting = made.agent.connect();
      await settle();
      await accept(made);
      await connecting;

      expect(new URL(made.browser.socket.url).searchParams.get("token")).toBe(expected);
      made.browser.socket.drop(1000);
    }
  });

  /** The page learns why there is no key, and the microphone is let go. */
  test("that cannot be had ends the attempt with its error", async () => {
    const key = open<string>();
    const made = scene({ apiKey: () => key.promise });
    const connecting = rejection(made.agent.connect());
    await settle();
    key.reject(Object.assign(new Error("the agent is busy"), { name: "Busy" }));
    const error = await connecting;

    expect(error.message).toBe("WebSocket connection failed");
    expect(describeError(error.cause)).toEqual({ name: "Busy", message: "the agent is busy" });
    expect(made.browser.streams[0]?.track.stopped).toBe(true);
  });

  /** Nobody waits for the call any more. */
  test("that comes after disconnect() opens nothing", async () => {
    const key = open<string>();
    const made = scene({ apiKey: () => key.promise });
    const connecting = rejection(made.agent.connect());
    made.agent.disconnect();
    key.resolve("wct_1");
    await connecting;
    await settle();

    expect(made.browser.sockets.length).toBe(0);
  });
});
