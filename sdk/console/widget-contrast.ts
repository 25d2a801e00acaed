/** Which of an operator's colours cannot be read on each other. Pure. */
import { contrast, DARK, LIGHT, READABLE, VISIBLE, type Colours } from "../src/widget/colours.js";

type ColourName = keyof Colours;

interface Pair {
  readonly front: ColourName;
  readonly ground: ColourName;
  readonly said: string;
  readonly least: number;
}

const PAIRS: readonly Pair[] = [
  { front: "textOnAccentColor", ground: "accentColor", said: "The text on the accent", least: READABLE },
  { front: "primaryTextColor", ground: "baseColor", said: "The text on the panel", least: READABLE },
  { front: "secondaryTextColor", ground: "baseColor", said: "The faint text on the panel", least: READABLE },
  { front: "primaryTextColor", ground: "agentBubbleColor", said: "What the agent says", least: READABLE },
  { front: "ctaButtonTextColor", ground: "ctaButtonColor", said: "The words on the button", least: READABLE },
  { front: "accentColor", ground: "baseColor", said: "The accent on the panel", least: VISIBLE },
];

/** The colours of a scheme; for `auto`, those that a visitor with a light system sees. */
export const schemeColours = (theme: string): Colours => (theme === "dark" ? DARK : LIGHT);

/**
 * A sentence for every pair that cannot be read; pairs of which the operator has chosen neither are the scheme's own.
 *
 * @param chosen The colours that are not left to the scheme.
 */
export function contrastWarnings(theme: string, chosen: Readonly<Record<string, string>>): string[] {
  const schemes = theme === "auto" ? ["light", "dark"] : [theme];
  return PAIRS.flatMap(({ front, ground, said, least }) => {
    if (!chosen[front] && !chosen[ground]) {
      return [];
    }
    const found = schemes.map((scheme) => {
      const colours: Colours = { ...schemeColours(scheme), ...chosen };
      return contrast(colours[front], colours[ground]) ?? 21;
    });
    const worst = Math.min(...found);
    return worst >= least
      ? []
      : [
          `${said} has a contrast of ${worst.toFixed(1)} to 1 and needs ${least}: ` +
            "the widget will draw it in another colour. Choose a darker or a lighter one.",
        ];
  });
}
