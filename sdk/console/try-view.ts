/** The elements of the page for trying an agent, and what is shown of a call. */
import type { CallMode } from "@vivavoce/agent-sdk";

export type State = "idle" | "connecting" | "listening" | "thinking" | "talking" | "reconnecting" | "ended";

export const STATES: Readonly<Record<State, string>> = {
  idle: "Ready when you are",
  connecting: "Connecting …",
  listening: "Listening",
  thinking: "Thinking …",
  talking: "Talking",
  reconnecting: "Reconnecting …",
  ended: "The call has ended",
};

export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

export const card = byId("conversation");
export const talkButton = byId<HTMLButtonElement>("talk");
export const chatButton = byId<HTMLButtonElement>("chat");
export const endButton = byId<HTMLButtonElement>("end");
export const muteButton = byId<HTMLButtonElement>("mute");
export const holdButton = byId<HTMLButtonElement>("hold");
const unlockButton = byId<HTMLButtonElement>("unlock");
export const pushToTalk = byId<HTMLInputElement>("push-to-talk");
export const typing = byId<HTMLFormElement>("typing");
export const textField = byId<HTMLInputElement>("text");

export const isInCall = (): boolean => card.dataset["live"] === "true";

/** Where the call stands now. */
export const shownState = (): State => card.dataset["state"] as State;

export function showState(state: State, text = STATES[state]): void {
  card.dataset["state"] = state;
  byId("state").textContent = text;
}

export function showProblem(text: string | undefined): void {
  byId("problem").hidden = text === undefined;
  byId("problem").querySelector("p")!.textContent = text ?? "";
}

/** Shows the controls that make sense now. */
export function showControls(inCall: boolean, mode: CallMode): void {
  card.dataset["live"] = String(inCall);
  const speaks = inCall && mode === "webcall";
  const hadFocus = card.contains(document.activeElement);
  talkButton.hidden = chatButton.hidden = inCall;
  endButton.hidden = !inCall;
  muteButton.hidden = !speaks || pushToTalk.checked;
  holdButton.hidden = !speaks || !pushToTalk.checked;
  byId("push").hidden = inCall && !speaks;
  byId("meters").hidden = !speaks;
  typing.hidden = !inCall;
  if (hadFocus && document.activeElement === document.body) {
    // The button that had the focus is gone; on the card itself the space bar is free to talk with.
    card.focus();
  }
}

/** Shows that the browser holds the agent's voice back; any gesture ends that, so the button has nothing else to do. */
export function showSuspended(isSuspended: boolean): void {
  const hadFocus = document.activeElement === unlockButton;
  unlockButton.hidden = !isSuspended;
  if (hadFocus && !isSuspended) {
    card.focus();
  }
}

export function showMuted(muted: boolean): void {
  muteButton.setAttribute("aria-pressed", String(muted));
  muteButton.querySelector("span")!.textContent = muted ? "Muted" : "Mute";
}

/** A level as the ear takes it: 0 at −54 dB and below, 1 at full scale. */
const loudness = (level: number): number => (level <= 0.002 ? 0 : 1 + Math.log10(level) / 2.7);

/** Shows how loud both sides are, from 0 to 1. */
export function showLevels(input: number, output: number): void {
  byId<HTMLMeterElement>("input-level").value = loudness(input);
  byId<HTMLMeterElement>("output-level").value = loudness(output);
}
