import { expect, test } from "vitest";
import { attributesOf } from "../../src/widget/script-tag.js";

/** The older form of an embed has its own names. */
test("the data attributes of a script become those of an element", () => {
  const data = {
    agentId: "a1",
    position: "top-left",
    theme: "dark",
    greeting: "Hello!",
    accentColor: "#123456",
  };

  expect(attributesOf(data)).toEqual({
    "assistant-id": "a1",
    position: "top-left",
    theme: "dark",
    "chat-first-message": "Hello!",
    "accent-color": "#123456",
  });
});

/** A script beside an element of the page makes no second one. */
test("a script that names no agent makes no element", () => {
  expect(attributesOf({ position: "top-left" })).toBeUndefined();
});
