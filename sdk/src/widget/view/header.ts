import { avatar } from "./avatar.js";
import { make, mark, write } from "./dom.js";
import { icon, type IconName } from "./icons.js";
import type { Actions, Part } from "./scene.js";
import { stateText } from "./words.js";

export interface Header extends Part {
  readonly devicesButton: HTMLButtonElement;
}

export function roundButton(name: IconName, part: string): HTMLButtonElement {
  return make("button", { type: "button", class: "round", part }, icon(name));
}

/** Names a button that shows only a drawing, for ears and for a resting pointer. */
export function nameButton(button: HTMLButtonElement, label: string): void {
  mark(button, "aria-label", label);
  mark(button, "title", label);
}

/** Who is spoken to, how it stands, and the way out. */
export function header({ close, end }: Actions): Header {
  const picture = avatar("avatar");
  const title = make("h2", { id: "title", part: "title" });
  const state = make("span", { part: "status" });
  const status = make("p", { class: "status" }, make("span", { class: "dot", "aria-hidden": "true" }), state);
  const leave = roundButton("leave", "end-chat-button");
  const devicesButton = roundButton("devices", "devices-button");
  mark(devicesButton, "aria-controls", "devices");
  const away = roundButton("close", "close-button");
  leave.addEventListener("click", end);
  away.addEventListener("click", close);
  const names = make("div", { class: "names" }, title, status);
  return {
    element: make("header", { part: "header" }, picture.element, names, leave, devicesButton, away),
    devicesButton,
    show(scene) {
      const {
        settings,
        labels,
        state: current,
        status: { phase, kind },
      } = scene;
      picture.show(settings.avatarUrl, settings.mode === "chat" ? "chat" : "voice");
      write(title, settings.title ?? labels.title);
      write(state, stateText(scene));
      leave.hidden = !(kind === "chat" && phase === "live");
      devicesButton.hidden = settings.mode === "chat" || current === "consent";
      nameButton(leave, labels.endChat);
      nameButton(devicesButton, labels.settings);
      nameButton(away, labels.close);
    },
  };
}
