import { expect, test } from "vitest";
import { pieces } from "../../src/widget/links.js";

const linksOf = (text: string): (string | undefined)[] =>
  pieces(text)
    .map(({ href }) => href)
    .filter((href) => href !== undefined);

/** The sentence around an address is not part of it. */
test.each([
  ["See https://shop.example/bread.", ["https://shop.example/bread"]],
  ["(https://shop.example/a?b=1)", ["https://shop.example/a?b=1"]],
  ["http://a.example and https://b.example!", ["http://a.example", "https://b.example"]],
  ["nothing here", []],
  ["javascript:alert(1) data:text/html,x", []],
  ["https://", []],
])("%j has the links %j", (text, expected) => {
  expect(linksOf(text)).toEqual(expected);
});

/** Nothing is lost or doubled. */
test("the pieces together are the text", () => {
  const text = "Read https://shop.example/privacy, then https://shop.example/terms; or ask.";

  expect(
    pieces(text)
      .map((piece) => piece.text)
      .join(""),
  ).toBe(text);
});
