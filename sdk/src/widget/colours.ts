/** Colours of the operator, and what can be read on them. Pure. */

/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

const INK = "#111827";
const PAPER = "#ffffff";
// On a middle grey the ink does not suffice.
const BLACK = "#000000";

/** Contrast of text that is readable. Source: WCAG 2.2, 1.4.3. */
export const READABLE = 4.5;
/** Contrast of a mark that can be seen. Source: WCAG 2.2, 1.4.11. */
export const VISIBLE = 3;

/** The opaque colour of `#rgb`, `#rrggbb` or `rgb(…)`; undefined for what is written otherwise. */
export function parseColour(text: string): Rgb | undefined {
  const value = text.trim().toLowerCase();
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])[0-9a-f]?$/.exec(value);
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})(?:[0-9a-f]{2})?$/.exec(value);
  const hex = short?.slice(1).map((digit) => digit + digit) ?? long?.slice(1);
  const parts = hex?.map((pair) => Number.parseInt(pair, 16));
  const numbers = parts ?? /^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)/.exec(value)?.slice(1).map(Number);
  return numbers && ([Number(numbers[0]), Number(numbers[1]), Number(numbers[2])] as const);
}

/** Relative luminance, from 0 to 1. Source: WCAG 2.2, definition of relative luminance. */
export function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((part) => {
    const share = Math.min(part, 255) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast of two colours, from 1 to 21; undefined where one of them cannot be read. */
export function contrast(one: string, other: string): number | undefined {
  const [first, second] = [parseColour(one), parseColour(other)];
  if (!first || !second) {
    return undefined;
  }
  const [dark, light] = [luminance(first), luminance(second)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** The wanted colour where it has enough contrast to `ground`, else the first of the others that has, else the best. */
export function seenOn(
  ground: string,
  wanted: string,
  least = READABLE,
  others: readonly string[] = [],
): string {
  const candidates = [wanted, ...others, INK, PAPER, BLACK];
  const rated = candidates.map((colour) => ({ colour, contrast: contrast(ground, colour) ?? 21 }));
  const enough = rated.find((one) => one.contrast >= least);
  return (enough ?? rated.reduce((best, one) => (one.contrast > best.contrast ? one : best))).colour;
}

/** The colours that a page or an agent can set. */
export interface Colours {
  readonly baseColor: string;
  readonly accentColor: string;
  readonly ctaButtonColor: string;
  readonly ctaButtonTextColor: string;
  readonly agentBubbleColor: string;
  readonly textOnAccentColor: string;
  readonly secondaryTextColor: string;
  readonly primaryTextColor: string;
}

// Source: wire-spec 3.8.
export const LIGHT: Colours = {
  baseColor: "#ffffff",
  accentColor: "#2d9d9f",
  ctaButtonColor: "#000000",
  ctaButtonTextColor: "#ffffff",
  agentBubbleColor: "#f3f4f6",
  textOnAccentColor: "#ffffff",
  secondaryTextColor: "#6b7280",
  primaryTextColor: "#111827",
};

export const DARK: Colours = {
  baseColor: "#16181d",
  accentColor: "#2d9d9f",
  ctaButtonColor: "#f3f4f6",
  ctaButtonTextColor: "#111827",
  agentBubbleColor: "#262a31",
  textOnAccentColor: "#ffffff",
  secondaryTextColor: "#a7adb8",
  primaryTextColor: "#f3f4f6",
};

/** The colours of something that has them among others. */
export const coloursOf = (given: Colours): Colours =>
  Object.fromEntries(
    (Object.keys(LIGHT) as (keyof Colours)[]).map((name) => [name, given[name]]),
  ) as unknown as Colours;

/**
 * The custom properties of the style sheet: every text readable on what lies below it.
 *
 * @param plain Writes a colour, which may be a name, in a way that `parseColour()` reads.
 */
export function palette(
  given: Colours,
  plain: (colour: string) => string = (colour) => colour,
): Readonly<Record<string, string>> {
  const entries = Object.entries(given as unknown as Record<string, string>);
  const colours = Object.fromEntries(
    entries.map(([name, colour]) => [name, plain(colour)]),
  ) as unknown as Colours;
  const { baseColor: base, agentBubbleColor: bubble, accentColor: accent } = colours;
  const ink = seenOn(base, colours.primaryTextColor);
  return {
    // The browser's own drawings, such as check boxes and scroll bars.
    "color-scheme": (contrast(base, PAPER) ?? 1) < (contrast(base, BLACK) ?? 1) ? "light" : "dark",
    "--base": base,
    "--ink": ink,
    "--soft": seenOn(base, colours.secondaryTextColor, READABLE, [ink]),
    "--accent": accent,
    "--on-accent": seenOn(accent, colours.textOnAccentColor),
    "--bubble": bubble,
    "--on-bubble": seenOn(bubble, colours.primaryTextColor),
    "--cta": colours.ctaButtonColor,
    "--on-cta": seenOn(colours.ctaButtonColor, colours.ctaButtonTextColor),
    "--mark": seenOn(base, accent, VISIBLE, [ink]),
    "--danger": seenOn(base, "#b42318", READABLE, ["#ff9a8f"]),
  };
}
