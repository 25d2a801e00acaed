import { isRunning } from "../states.js";
import { avatar } from "./avatar.js";
import { make, mark, write } from "./dom.js";
import type { Actions, Part } from "./scene.js";

/** The button in the corner of the page. */
export function launcher({ open }: Actions): Part {
  const picture = avatar("launcher-avatar");
  const title = make("span", { class: "cta-title" });
  const name = make("span", { class: "cta-name", part: "launcher-label" });
  const subtitle = make("span", { class: "cta-subtitle" });
  const text = make("span", { class: "cta" }, title, name, subtitle);
  const live = make("span", { class: "live", "aria-hidden": "true" });
  const element = make(
    "button",
    {
      type: "button",
      class: "launcher",
      part: "launcher",
      "aria-haspopup": "dialog",
      "aria-controls": "panel",
    },
    picture.element,
    text,
    live,
  );
  element.addEventListener("click", open);
  return {
    element,
    show({ settings, labels, status, isOpen, isReady }) {
      const running = isRunning(status);
      picture.show(settings.avatarUrl, settings.mode === "chat" ? "chat" : "voice");
      write(title, settings.ctaTitle ?? "");
      write(name, running ? labels.running : (settings.ctaName ?? labels.ctaName));
      write(subtitle, settings.ctaSubtitle ?? "");
      live.hidden = !running;
      element.hidden = isOpen || !isReady;
      mark(element, "aria-expanded", String(isOpen));
    },
  };
}
