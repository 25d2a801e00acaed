/** The colours of the page, for what is drawn on a canvas. */

/** Dark or light was chosen; whoever draws draws again. */
export const COLOURS_CHANGED = "vivavoce:colours";

/** The name of a custom property without its dashes, such as `accent` or `soft`. */
export type ColourName =
  | "paper"
  | "card"
  | "sunken"
  | "line"
  | "edge"
  | "ink"
  | "soft"
  | "accent"
  | "tint"
  | "good"
  | "bad"
  | "busy";

/** A colour as it is now, such as `rgb(15, 118, 110)`: custom properties themselves still know both schemes. */
export function colour(name: ColourName): string {
  return colourWithin(document.body, name);
}

/** The same for a custom property that stands on an element of the page, or above it. */
export function colourWithin(place: Element, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  place.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Calls `draw` whenever the colours have changed, by the button or by the system. */
export function onColours(draw: () => void): void {
  document.addEventListener(COLOURS_CHANGED, draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
