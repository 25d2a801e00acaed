import { ar } from "./labels/ar.js";
import { de } from "./labels/de.js";
import { en } from "./labels/en.js";
import { es } from "./labels/es.js";
import { fr } from "./labels/fr.js";
import { hi } from "./labels/hi.js";
import type { Labels } from "./labels/labels.js";

export const LANGUAGES = { en, de, es, fr, hi, ar } as const;

export type Language = keyof typeof LANGUAGES;

const RIGHT_TO_LEFT: readonly Language[] = ["ar"];

/** The first of the wanted languages (BCP 47 tags) that the widget speaks; English where it speaks none. */
export function chooseLanguage(wanted: readonly (string | null | undefined)[]): Language {
  for (const tag of wanted) {
    const language = tag?.trim().toLowerCase().split(/[-_]/)[0];
    if (language && Object.hasOwn(LANGUAGES, language)) {
      return language as Language;
    }
  }
  return "en";
}

export const labelsOf = (language: Language): Labels => LANGUAGES[language];

/**
 * The direction of the widget.
 *
 * @param said The element's own `dir`.
 * @param page The direction of the text around it.
 */
export function chooseDirection(said: string | null, language: Language, page: string): "ltr" | "rtl" {
  if (said === "ltr" || said === "rtl") {
    return said;
  }
  return RIGHT_TO_LEFT.includes(language) || page === "rtl" ? "rtl" : "ltr";
}
