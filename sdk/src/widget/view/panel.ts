import type { WidgetState } from "../states.js";
import { composer } from "./composer.js";
import { consentForm } from "./consent-form.js";
import { conversationLog } from "./conversation-log.js";
import { deviceChoice } from "./device-choice.js";
import { make, mark, write } from "./dom.js";
import { focusable, keepInside } from "./focus.js";
import { header } from "./header.js";
import { problem } from "./problem.js";
import type { Actions, Part, Scene } from "./scene.js";
import { stage, type Levels } from "./stage.js";

export interface Panel extends Part {
  /** Moves the focus to what comes next. */
  focus(): void;
}

// Told to those who do not see the panel; the others are heard, or have an alert of their own.
const ANNOUNCED: readonly WidgetState[] = ["connecting", "listening", "muted", "reconnecting", "ended"];

/** The open widget. */
export function panel(actions: Actions, levels: () => Levels): Panel {
  const top = header(actions);
  const middle = stage(actions, levels);
  const writing = composer(actions);
  const consent = consentForm(actions);
  const announcer = make("p", { class: "unseen", role: "status" });
  const trouble = problem(actions);
  const parts: readonly Part[] = [
    top,
    deviceChoice(actions, top.devicesButton),
    consent,
    middle,
    conversationLog(),
    trouble,
    writing,
  ];
  const element = make(
    "section",
    {
      id: "panel",
      class: "panel",
      part: "panel",
      role: "dialog",
      tabindex: "-1",
      "aria-labelledby": "title",
    },
    ...parts.map((part) => part.element),
    announcer,
  );
  let scene: Scene | undefined;
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) {
      event.stopPropagation();
      actions.close();
    } else if (event.key === "Tab" && scene?.isCovering) {
      keepInside(element, event);
    }
  });
  const focus = (): void => {
    // On a touch screen the field would bring up its keyboard unasked.
    const isTyping = scene?.settings.mode === "chat" && matchMedia("(hover: hover)").matches;
    const inForm = consent.element.hidden ? undefined : consent.element.querySelector("input");
    const next = inForm ?? (middle.element.hidden ? (isTyping ? writing.field : element) : middle.primary());
    next.focus();
  };
  return {
    element,
    focus,
    show(next) {
      const before = (element.getRootNode() as ShadowRoot).activeElement;
      scene = next;
      element.hidden = !next.isOpen;
      mark(element, "aria-modal", next.isCovering ? "true" : "false");
      // A spoken conversation says under its state what went wrong, a written one above its field.
      if (next.settings.mode === "voice") {
        keepAt(middle.words, trouble.element);
      } else if (trouble.element.nextSibling !== writing.element) {
        writing.element.before(trouble.element);
      }
      for (const part of parts) {
        part.show(next);
      }
      write(announcer, next.isOpen && ANNOUNCED.includes(next.state) ? next.labels.states[next.state] : "");
      // The button that had the focus may be gone: the keyboard goes on where the next step is.
      const isLost =
        before instanceof HTMLElement && element.contains(before) && !focusable(element).includes(before);
      if (next.isOpen && isLost && before !== element) {
        focus();
      }
    },
  };
}

function keepAt(place: HTMLElement, element: HTMLElement): void {
  if (element.parentNode !== place) {
    place.append(element);
  }
}
