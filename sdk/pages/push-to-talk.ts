/**
 * Makes a button and the space bar talk keys: held is speaking, let go is silent.
 *
 * @param button The button to hold.
 * @param isOn Whether push-to-talk is in use now.
 * @param hold Told when speaking begins (`true`) and ends (`false`).
 */
export function holdToTalk(button: HTMLElement, isOn: () => boolean, hold: (held: boolean) => void): void {
  let held = false;
  const press = (): void => {
    if (isOn() && !held) {
      held = true;
      button.setAttribute("aria-pressed", "true");
      hold(true);
    }
  };
  const release = (): void => {
    if (held) {
      held = false;
      button.setAttribute("aria-pressed", "false");
      hold(false);
    }
  };

  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    press();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    button.addEventListener(end, release);
  }
  window.addEventListener("keydown", (event) => {
    if (isOn() && isTalkKey(event, button)) {
      event.preventDefault();
      press();
    }
  });
  window.addEventListener("keyup", (event) => {
    if (event.code === "Space") {
      release();
    }
  });
  // A key that is let go in another window is never reported here.
  window.addEventListener("blur", release);
}

/** The space bar, except where it already means something: a field to write in, another button. */
function isTalkKey(event: KeyboardEvent, button: HTMLElement): boolean {
  const target = event.target as Element | null;
  const taken = target?.closest("input, textarea, select, button, summary, a");
  return event.code === "Space" && (!taken || taken === button);
}
