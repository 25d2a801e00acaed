import type { WidgetErrorCode } from "../errors.js";
import { make, write } from "./dom.js";
import { icon } from "./icons.js";
import type { Actions, Part } from "./scene.js";

// Trying again at once would not change these.
const FINAL: readonly WidgetErrorCode[] = ["host_not_allowed", "agent_not_found", "minutes_used"];

/** What went wrong and what to do. The alert is always there, so that its text is announced when it comes. */
export function problem({ retry }: Actions): Part {
  const text = make("p", { role: "alert", part: "error-text" });
  const again = make("button", { type: "button", class: "quiet", part: "retry-button" });
  again.addEventListener("click", retry);
  const element = make("div", { class: "problem", part: "error" }, icon("alert"), text, again);
  return {
    element,
    show({ settings, labels, status: { error, phase } }) {
      write(text, error === undefined ? "" : labels.errors[error]);
      element.classList.toggle("none", error === undefined);
      // Where there is a stage, its own button tries again.
      again.hidden = settings.mode !== "chat" || phase !== "error" || !error || FINAL.includes(error);
      write(again, labels.retry);
    },
  };
}
