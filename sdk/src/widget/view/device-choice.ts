import type { Device } from "../devices.js";
import { make, mark, write } from "./dom.js";
import type { Actions, Part } from "./scene.js";

/** Which microphone and, where the browser can, which loudspeaker; shown when its button asks for it. */
export function deviceChoice({ chooseMicrophone, chooseSpeaker }: Actions, button: HTMLButtonElement): Part {
  const microphone = choice(chooseMicrophone);
  const speaker = choice(chooseSpeaker);
  const element = make(
    "div",
    { id: "devices", class: "devices", part: "devices", role: "group" },
    microphone.element,
    speaker.element,
  );
  element.hidden = true;
  const toggle = (): void => {
    element.hidden = !element.hidden;
    mark(button, "aria-expanded", String(!element.hidden));
  };
  button.addEventListener("click", toggle);
  mark(button, "aria-expanded", "false");
  return {
    element,
    show({ labels, devices, microphoneId, speakerId, state, settings }) {
      if (!element.hidden && (state === "consent" || settings.mode === "chat")) {
        toggle();
      }
      mark(element, "aria-label", labels.settings);
      microphone.show(labels.microphone, labels.defaultDevice, devices.microphones, microphoneId);
      speaker.show(labels.speaker, labels.defaultDevice, devices.speakers, speakerId);
      speaker.element.hidden = devices.speakers.length === 0;
    },
  };
}

function choice(choose: (id: string) => void): {
  readonly element: HTMLElement;
  show(label: string, usual: string, devices: readonly Device[], chosen: string): void;
} {
  const name = make("span");
  const select = make("select", { part: "device" });
  select.addEventListener("change", () => choose(select.value));
  return {
    element: make("label", {}, name, select),
    show(label, usual, devices, chosen) {
      write(name, label);
      const wanted = [{ id: "", label: usual }, ...devices];
      const shown = [...select.options].map(({ value, text }) => `${value} ${text}`).join();
      if (shown !== wanted.map((device) => `${device.id} ${device.label}`).join()) {
        select.replaceChildren(...wanted.map((device) => new Option(device.label, device.id)));
      }
      select.value = wanted.some(({ id }) => id === chosen) ? chosen : "";
    },
  };
}
