import { expect, test } from "vitest";
import { contrastWarnings } from "../../console/widget-contrast.js";

test("the colours of the scheme itself are not warned of", () => {
  expect([contrastWarnings("light", {}), contrastWarnings("dark", {})]).toEqual([[], []]);
});

test("a chosen colour is held against those that it meets", () => {
  expect(contrastWarnings("light", { accentColor: "#ffee88" })).toEqual([
    expect.stringContaining("The text on the accent has a contrast of 1.2 to 1 and needs 4.5"),
    expect.stringContaining("The accent on the panel has a contrast of 1.2 to 1 and needs 3"),
  ]);
});

test("colours that go together are not warned of", () => {
  expect(contrastWarnings("light", { accentColor: "#0f766e", textOnAccentColor: "#ffffff" })).toEqual([]);
});

test("a theme that follows the visitor's system must be readable in both schemes", () => {
  const chosen = { primaryTextColor: "#111827" };

  expect(contrastWarnings("light", chosen)).toEqual([]);
  expect(contrastWarnings("auto", chosen)).toEqual([
    expect.stringContaining("The text on the panel"),
    expect.stringContaining("What the agent says"),
  ]);
});
