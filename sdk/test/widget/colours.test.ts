import { describe, expect, test } from "vitest";
import {
  contrast,
  DARK,
  LIGHT,
  palette,
  parseColour,
  READABLE,
  seenOn,
  VISIBLE,
} from "../../src/widget/colours.js";

/** The ways in which operators write a colour; others are left to the browser. */
test.each([
  ["#fff", [255, 255, 255]],
  ["#2D9D9F", [45, 157, 159]],
  ["#11223344", [17, 34, 51]],
  ["rgb(1, 2, 3)", [1, 2, 3]],
  ["rgba(1 2 3 / 50%)", [1, 2, 3]],
  ["rebeccapurple", undefined],
  ["", undefined],
])("%j is read as %j", (text, expected) => {
  expect(parseColour(text)).toEqual(expected);
});

/** Source: WCAG 2.2, the ends of the scale. */
test("contrast goes from 1 to 21", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#777777")).toBe(1);
  expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
});

describe("a colour on a ground", () => {
  /** The operator's own colour is kept wherever it can be read. */
  test("stays as it was chosen where it is readable", () => {
    expect(seenOn("#7c3aed", "#ffffff")).toBe("#ffffff");
  });

  /** White on yellow cannot be read by anybody. */
  test("is exchanged where it is not", () => {
    expect(seenOn("#ffd400", "#ffffff")).toBe("#111827");
    expect(seenOn("#101010", "#333333")).toBe("#ffffff");
  });

  /** What cannot be calculated is believed. */
  test("is believed where the ground is written in another way", () => {
    expect(seenOn("oklch(60% 0.2 20)", "#ffffff")).toBe("#ffffff");
  });
});

/** Operators write names, too; the browser turns them into numbers. */
test("a palette reads names with the browser's help", () => {
  const made = palette({ ...LIGHT, accentColor: "yellow" }, (colour) =>
    colour === "yellow" ? "#ffff00" : colour,
  );

  expect(made["--on-accent"]).toBe("#111827");
});

/** A check box is drawn by the browser, dark on a dark panel. */
test.each([
  [LIGHT, "light"],
  [DARK, "dark"],
])("the browser draws as the panel's ground is", (colours, expected) => {
  expect(palette(colours)["color-scheme"]).toBe(expected);
});

/** Both themes, and colours that no designer would choose. */
test.each([
  ["light", LIGHT],
  ["dark", DARK],
  [
    "all white",
    Object.fromEntries(Object.keys(LIGHT).map((name) => [name, "#ffffff"])) as unknown as typeof LIGHT,
  ],
  [
    "all grey",
    Object.fromEntries(Object.keys(LIGHT).map((name) => [name, "#808080"])) as unknown as typeof LIGHT,
  ],
])("every text of the %s palette can be read", (_name, colours) => {
  const made = palette(colours);
  const of = (ground: string, text: string): number => contrast(made[ground] ?? "", made[text] ?? "") ?? 0;
  const pairs = [
    ["--base", "--ink"],
    ["--base", "--soft"],
    ["--base", "--danger"],
    ["--accent", "--on-accent"],
    ["--bubble", "--on-bubble"],
    ["--cta", "--on-cta"],
  ] as const;

  expect(pairs.filter(([ground, text]) => of(ground, text) < READABLE)).toEqual([]);
  expect(of("--base", "--mark")).toBeGreaterThanOrEqual(VISIBLE);
});
