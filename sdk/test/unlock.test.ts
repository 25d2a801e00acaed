import { expect, test } from "vitest";
import { keepAwake, keepRunning } from "../src/unlock.js";
import { FakeBrowser, FakeContext, settle } from "./fake-browser.js";

function watched(): { context: FakeContext; events: EventTarget; stop: () => void } {
  const context = new FakeContext();
  const events = new EventTarget();
  return { context, events, stop: keepRunning(context as unknown as AudioContext, events) };
}

/** The first try comes at once: inside the gesture that called `connect()`. */
test("a context is resumed at once", () => {
  expect(watched().context.resumes).toBe(1);
});

/** A context that the browser held back starts with the next gesture or return of the page. */
test.each(["pointerdown", "keydown", "touchend", "visibilitychange"])(
  "%s resumes a suspended context",
  (chance) => {
    const { context, events } = watched();
    events.dispatchEvent(new Event(chance));

    expect(context.resumes).toBe(2);
  },
);

/** A phone call suspends the context in the middle of a call; its end is a change of state. */
test("an interrupted context is resumed when its state changes", () => {
  const { context } = watched();
  context.state = "interrupted";
  context.dispatchEvent(new Event("statechange"));

  expect(context.resumes).toBe(2);
});

/** What runs, or is closed, is left alone. */
test.each(["running", "closed"])("a %s context is left alone", (state) => {
  const { context, events } = watched();
  context.state = state;
  events.dispatchEvent(new Event("pointerdown"));
  context.dispatchEvent(new Event("statechange"));

  expect(context.resumes).toBe(1);
});

/** After the call nothing listens any more. */
test("the watch ends", () => {
  const { context, events, stop } = watched();
  stop();
  events.dispatchEvent(new Event("pointerdown"));
  context.dispatchEvent(new Event("statechange"));

  expect(context.resumes).toBe(1);
});

/** The browser lets go of the screen when the page is hidden: it is asked again when the page is back. */
test("the screen is kept on again when the page returns, and let go in the end", async () => {
  const browser = new FakeBrowser();
  const end = keepAwake(browser);
  browser.events.dispatchEvent(new Event("visibilitychange"));
  await settle();
  const during = [...browser.awake];
  end();
  await settle();
  browser.events.dispatchEvent(new Event("visibilitychange"));

  expect(during).toEqual([false, true]);
  expect(browser.awake).toEqual([false, false]);
});

/** Not every browser has one, and one that has may refuse. */
test.each([undefined, { request: () => Promise.reject(new Error("NotAllowedError")) }])(
  "a screen that cannot be kept on is no error",
  async (wakeLock) => {
    const browser = Object.assign(new FakeBrowser(), { wakeLock });
    const end = keepAwake(browser);
    await settle();

    expect(end).not.toThrow();
  },
);
