import { pieces } from "../links.js";
import { make } from "./dom.js";

/** Writes a text whose web addresses can be followed, in a tab of their own. */
export function linked(target: HTMLElement, text: string): void {
  if (target.textContent === text) {
    return;
  }
  target.replaceChildren(
    ...pieces(text).map(({ text: words, href }) =>
      href === undefined
        ? words
        : make("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, words),
    ),
  );
}
