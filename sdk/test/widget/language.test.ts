import { describe, expect, test } from "vitest";
import { WIDGET_ERROR_CODES } from "../../src/widget/errors.js";
import { chooseDirection, chooseLanguage, LANGUAGES, type Language } from "../../src/widget/language.js";

/** Every text, by its path. */
function textsOf(labels: object, path = ""): Map<string, string> {
  return new Map(
    Object.entries(labels).flatMap(([name, value]: [string, unknown]) =>
      typeof value === "string"
        ? [[`${path}${name}`, value] as const]
        : [...textsOf(value as object, `${path}${name}.`)],
    ),
  );
}

/** Texts that may be empty: there is no next step to tell. */
const MAY_BE_EMPTY = ["hints.consent", "hints.error"];

const OTHERS = Object.keys(LANGUAGES).filter((language) => language !== "en") as Language[];

describe.each(OTHERS)("the labels in %s", (language) => {
  const english = textsOf(LANGUAGES.en);
  const texts = textsOf(LANGUAGES[language]);

  /** A visitor must not meet a hole. */
  test("are complete", () => {
    const empty = [...texts].filter(([path, text]) => text === "" && !MAY_BE_EMPTY.includes(path));

    expect([...texts.keys()].sort()).toEqual([...english.keys()].sort());
    expect(empty).toEqual([]);
  });

  /** Nobody forgot to translate: few words are the same in two languages. */
  test("are translated", () => {
    const same = [...texts].filter(([path, text]) => text !== "" && text === english.get(path));

    expect(
      same
        .map(([path]) => path)
        .filter((path) => !["microphone", "conversation", "agent", "chat.online"].includes(path)),
    ).toEqual([]);
  });
});

/** A sentence for each, so that no failure is silent. */
test("every error has its own sentence", () => {
  for (const { errors } of Object.values(LANGUAGES)) {
    expect(Object.keys(errors).sort()).toEqual([...WIDGET_ERROR_CODES].sort());
    expect(new Set(Object.values(errors)).size).toBe(WIDGET_ERROR_CODES.length);
  }
});

/** The element, then its page, then the visitor's browser. */
test.each([
  [["de", "fr"], "de"],
  [[null, "pt-BR", "es-MX"], "es"],
  [["AR_eg"], "ar"],
  [[undefined, "tlh"], "en"],
  [["constructor"], "en"],
  [[], "en"],
])("the language of %j is %s", (wanted, expected) => {
  expect(chooseLanguage(wanted)).toBe(expected);
});

/** Arabic runs from right to left on every page; other languages run as the page does. */
test.each([
  [null, "ar", "ltr", "rtl"],
  [null, "en", "rtl", "rtl"],
  [null, "en", "ltr", "ltr"],
  ["ltr", "ar", "rtl", "ltr"],
] as const)("the direction with dir=%j, %s on a page from %s is %s", (said, language, page, expected) => {
  expect(chooseDirection(said, language, page)).toBe(expected);
});
