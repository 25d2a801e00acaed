/** Sentences above the page, for what happens without a new page. */
import { element } from "./elements.js";

/** Says something above the page, and to screen readers; replaces what was said before. */
export function say(text: string, kind: "done" | "problem" | "info" = "done"): void {
  const place = document.getElementById("notices");
  if (!place) {
    return;
  }
  const box = notice(text, kind);
  place.replaceChildren(box);
  box.scrollIntoView({ block: "nearest" });
}

/** A sentence in its box. */
export function notice(text: string, kind: "done" | "problem" | "info" | "warning"): HTMLElement {
  const box = element("div", `notice ${kind}`);
  box.append(element("p", "", text));
  return box;
}
