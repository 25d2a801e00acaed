import { expect, test } from "vitest";
import { Subscriptions } from "../src/events.js";

function newSubscriptions(): { subscriptions: Subscriptions; reported: unknown[]; heard: string[] } {
  const reported: unknown[] = [];
  return { subscriptions: new Subscriptions((error) => reported.push(error)), reported, heard: [] };
}

/** Handlers are called in the order of their subscription, with the event. */
test("every handler gets the event, in order", () => {
  const { subscriptions, heard } = newSubscriptions();
  subscriptions.add("session_ended", ({ reason }) => heard.push(`first ${reason}`));
  subscriptions.add("session_ended", ({ reason }) => heard.push(`second ${reason}`));
  subscriptions.emit("session_ended", { reason: "ended" });

  expect(heard).toEqual(["first ended", "second ended"]);
});

/** A page's mistake is reported, and neither the other handlers nor the call notice it. */
test("a throwing handler is reported and hurts no other", () => {
  const { subscriptions, reported, heard } = newSubscriptions();
  const mistake = new Error("mistake of the page");
  subscriptions.add("agent_start_talking", () => {
    throw mistake;
  });
  subscriptions.add("agent_start_talking", () => heard.push("second"));
  subscriptions.emit("agent_start_talking");

  expect(reported).toEqual([mistake]);
  expect(heard).toEqual(["second"]);
});

/** A removed handler is not called again; the others are. */
test("a removed handler hears nothing", () => {
  const { subscriptions, heard } = newSubscriptions();
  const removed = (): void => void heard.push("removed");
  subscriptions.add("interruption", removed);
  subscriptions.add("interruption", () => heard.push("kept"));
  subscriptions.remove("interruption", removed);
  subscriptions.emit("interruption");

  expect(heard).toEqual(["kept"]);
});

/** Once is once, also when the handler causes the event again. */
test("a handler for one event is called once", () => {
  const { subscriptions, heard } = newSubscriptions();
  subscriptions.add(
    "interruption",
    () => {
      heard.push("once");
      subscriptions.emit("interruption");
    },
    true,
  );
  subscriptions.emit("interruption");

  expect(heard).toEqual(["once"]);
});

/** A handler may unsubscribe another while an event is on its way: the list of this event stands. */
test("a change of the list takes effect with the next event", () => {
  const { subscriptions, heard } = newSubscriptions();
  const second = (): void => void heard.push("second");
  subscriptions.add("interruption", () => subscriptions.remove("interruption", second));
  subscriptions.add("interruption", second);
  subscriptions.emit("interruption");
  subscriptions.emit("interruption");

  expect(heard).toEqual(["second"]);
});
