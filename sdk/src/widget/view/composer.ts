import { make, mark } from "./dom.js";
import { nameButton, roundButton } from "./header.js";
import type { Actions, Part } from "./scene.js";

/** Characters; the server takes 64 KB. */
const LONGEST_TEXT = 8000;

export interface Composer extends Part {
  readonly field: HTMLTextAreaElement;
}

/** Where the visitor writes: Enter sends, Shift and Enter begins a new line. */
export function composer({ send }: Actions): Composer {
  const field = make("textarea", {
    rows: "1",
    part: "input",
    maxlength: String(LONGEST_TEXT),
    autocomplete: "off",
  });
  const button = roundButton("send", "send-button");
  button.type = "submit";
  button.classList.add("send");
  const element = make("form", { class: "composer", part: "composer" }, field, button);
  const fit = (): void => {
    button.disabled = field.value.trim() === "";
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (text !== "" && send(text)) {
      field.value = "";
    }
    fit();
  });
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    // An input method takes Enter for itself while it composes.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      element.requestSubmit();
    }
  });
  button.disabled = true;
  return {
    element,
    field,
    show({ settings, labels, state }) {
      const placeholder = settings.chatPlaceholder ?? labels.placeholder;
      element.hidden = settings.mode === "voice" || state === "consent";
      mark(field, "placeholder", placeholder);
      mark(field, "aria-label", placeholder);
      nameButton(button, labels.send);
    },
  };
}
