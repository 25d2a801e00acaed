import { make, write } from "./dom.js";
import { linked } from "./linked.js";
import type { Actions, Part } from "./scene.js";

/** What the visitor agrees to before anything is sent. */
export function consentForm({ agree }: Actions): Part {
  const title = make("h3", { part: "consent-title" });
  const content = make("p", { class: "content", part: "consent-content" });
  const box = make("input", { type: "checkbox", required: "" });
  const says = make("span");
  const go = make("button", { type: "submit", class: "cta-button", part: "consent-button" });
  const element = make(
    "form",
    { class: "consent", part: "consent" },
    title,
    content,
    make("label", { class: "agree" }, box, says),
    go,
  );
  const follow = (): void => {
    go.disabled = !box.checked;
  };
  box.addEventListener("change", follow);
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    if (box.checked) {
      agree();
    }
  });
  follow();
  return {
    element,
    show({ settings, labels, state }) {
      element.hidden = state !== "consent";
      write(title, settings.consentTitle ?? labels.consentTitle);
      linked(content, settings.consentContent ?? labels.consentContent);
      write(says, labels.consentAgree);
      write(go, labels.consentContinue);
    },
  };
}
