/** Sentences above the page, for what happens without a new page. */

/** Says something above the page, and to screen readers; replaces what was said before. */
export function say(text: string, kind: "done" | "problem" | "info" = "done"): void {
  const place = document.getElementById("notices");
  if (!place) {
    return;
  }
  const box = document.createElement("div");
  box.className = `notice ${kind}`;
  const words = document.createElement("p");
  words.textContent = text;
  box.append(words);
  place.replaceChildren(box);
  box.scrollIntoView({ block: "nearest" });
}
