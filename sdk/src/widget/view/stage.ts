import { isRunning } from "../states.js";
import { make, mark, write } from "./dom.js";
import { nameButton, roundButton } from "./header.js";
import { redraw } from "./icons.js";
import type { Actions, Part } from "./scene.js";
import { hintText, stateText } from "./words.js";

/** How loud both sides are, from 0 to 1. */
export interface Levels {
  readonly input: number;
  readonly output: number;
}

export interface Stage extends Part {
  /** Where the state is said in words. */
  readonly words: HTMLElement;
  /** What the visitor most likely presses next. */
  primary(): HTMLElement;
}

/** The place of a spoken conversation: the level ring, its state in words, and its buttons. */
export function stage({ talk, end, setMuted }: Actions, levels: () => Levels): Stage {
  const core = make("span", { class: "core" });
  const inner = make("span", { class: "in" });
  const outer = make("span", { class: "out" });
  const ring = make("div", { class: "ring", part: "ring", "aria-hidden": "true" }, outer, inner, core);
  const state = make("p", { class: "state", part: "state" });
  const hint = make("p", { class: "hint", part: "hint" });
  const start = make("button", { type: "button", class: "cta-button", part: "start-button" });
  const mute = roundButton("microphone", "mute-button");
  const hangUp = make("button", { type: "button", class: "hang-up", part: "end-button" });
  const endText = make("span");
  redraw(hangUp, "hangUp");
  hangUp.append(endText);
  const buttons = make("div", { class: "buttons", part: "controls" }, start, mute, hangUp);
  const words = make("div", { class: "words" }, state, hint);
  const element = make("div", { class: "stage", part: "stage" }, ring, words, buttons);
  let muted = false;
  start.addEventListener("click", talk);
  mute.addEventListener("click", () => setMuted(!muted));
  hangUp.addEventListener("click", end);
  const follow = levelsOn(ring, levels);
  return {
    element,
    words,
    primary: () => (start.hidden ? mute : start),
    show(scene) {
      const { settings, labels, status } = scene;
      const calling = isRunning(status) && status.kind === "webcall";
      muted = status.muted;
      element.hidden = settings.mode === "chat" || scene.state === "consent";
      redraw(core, muted ? "muted" : "voice");
      write(state, stateText(scene));
      write(hint, hintText(scene));
      const startTexts = {
        error: labels.retry,
        ended: labels.again,
        other: settings.startButtonText ?? labels.start,
      };
      write(start, startTexts[status.phase === "error" || status.phase === "ended" ? status.phase : "other"]);
      start.hidden = calling;
      mute.hidden = hangUp.hidden = !calling;
      redraw(mute, muted ? "muted" : "microphone");
      mark(mute, "aria-pressed", String(muted));
      nameButton(mute, muted ? labels.unmute : labels.mute);
      write(endText, settings.endButtonText ?? labels.end);
      follow(calling && scene.isOpen);
    },
  };
}

/** Moves the ring with both voices for as long as it is told to; not at all where motion is not wanted. */
function levelsOn(ring: HTMLElement, levels: () => Levels): (isOn: boolean) => void {
  let frame: number | undefined;
  const draw = (input: number, output: number): void => {
    ring.style.setProperty("--in", loudness(input).toFixed(3));
    ring.style.setProperty("--out", loudness(output).toFixed(3));
  };
  const look = (): void => {
    const { input, output } = levels();
    draw(input, output);
    frame = requestAnimationFrame(look);
  };
  return (isOn) => {
    const isWanted = isOn && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (isWanted && frame === undefined) {
      look();
    } else if (!isWanted && frame !== undefined) {
      cancelAnimationFrame(frame);
      frame = undefined;
      draw(0, 0);
    }
  };
}

/** A level as the ear takes it: 0 at −54 dB and below, 1 at full scale. */
const loudness = (level: number): number => (level <= 0.002 ? 0 : 1 + Math.log10(level) / 2.7);
