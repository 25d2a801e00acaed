import type { Answer } from "./answer-clock.js";
import type { Caption } from "./captions.js";

/** Where a call stands, for the visitor. */
export type CallState =
  "idle" | "connecting" | "listening" | "thinking" | "talking" | "reconnecting" | "ended";

const STATE_TEXT: Readonly<Record<CallState, string>> = {
  idle: "Ready when you are",
  connecting: "Connecting …",
  listening: "Listening",
  thinking: "Thinking …",
  talking: "Talking",
  reconnecting: "Reconnecting …",
  ended: "The call has ended",
};

/** The element with this id; the page and this script are built together. */
export function element<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.querySelector<Kind>(`#${id}`);
  if (!found) {
    throw new Error(`index.html has no element #${id}`);
  }
  return found;
}

const stage = element("stage");

export function showState(state: CallState, text = STATE_TEXT[state]): void {
  stage.dataset["state"] = state;
  element("state").textContent = text;
}

/** Where the call stands now. */
export const shownState = (): CallState => stage.dataset["state"] as CallState;

/** The call is open; unless the agent already speaks, it listens. */
export function showConnected(): void {
  if (shownState() === "connecting") {
    showState("listening");
  }
}

/** Shows what went wrong, or takes the message away. */
export function showProblem(text: string | undefined): void {
  const problem = element("problem");
  problem.textContent = text ?? "";
  problem.hidden = text === undefined;
}

/** Shows the controls that make sense now. */
export function showControls(inCall: boolean, pushToTalk: boolean): void {
  const focusWasHere = stage.contains(document.activeElement);
  element("talk").hidden = inCall;
  element("end").hidden = !inCall;
  element("mute").hidden = !inCall || pushToTalk;
  element("hold").hidden = !inCall || !pushToTalk;
  element("typing").hidden = !inCall;
  element<HTMLSelectElement>("agent").disabled = inCall;
  if (focusWasHere && document.activeElement === document.body) {
    // The button that had the focus is gone. The stage takes it, so that the space bar is free to talk with.
    stage.focus();
  }
}

/** Shows that the browser holds the agent's voice back; any gesture ends that, so the button has nothing else to do. */
export function showSuspended(isSuspended: boolean): void {
  const button = element("unlock");
  const hadFocus = document.activeElement === button;
  button.hidden = !isSuspended;
  if (hadFocus && !isSuspended) {
    stage.focus();
  }
}

export function showMuted(muted: boolean): void {
  const mute = element("mute");
  mute.setAttribute("aria-pressed", String(muted));
  mute.textContent = muted ? "Muted" : "Mute";
}

export function showLevels(inputLevel: number, outputLevel: number): void {
  showLevel("input-level", loudness(inputLevel));
  showLevel("output-level", loudness(outputLevel));
  const loudest = Math.max(loudness(outputLevel), loudness(inputLevel) / 2);
  element("orb").style.setProperty("--level", loudest.toFixed(3));
}

function showLevel(id: string, level: number): void {
  const meter = element(id);
  meter.style.setProperty("--level", level.toFixed(3));
  meter.setAttribute("aria-valuenow", level.toFixed(1));
}

/** A level as the ear takes it: 0 at −54 dB and below, 1 at full scale. */
function loudness(level: number): number {
  return level <= 0.002 ? 0 : 1 + Math.log10(level) / 2.7;
}

export function showAnswer({ afterMs, to }: Answer): void {
  const latency = element("latency");
  const since = to === "speech" ? "after your last word was heard here" : "after your text was sent";
  latency.textContent = `Last answer: first sound ${(afterMs / 1000).toFixed(2)} s ${since}`;
  latency.hidden = false;
}

export function showCall(callId: string): void {
  element("call-id").textContent = callId;
  element<HTMLAnchorElement>("record").href = `atoms/v1/conversation/${encodeURIComponent(callId)}`;
  element("call").hidden = false;
}

/** Brings the list on the page in line with `captions`; only what changed is touched, and so read aloud. */
export function showCaptions(captions: readonly Caption[]): void {
  const list = element("captions");
  while (list.children.length > captions.length) {
    list.lastElementChild?.remove();
  }
  captions.forEach((caption, index) => {
    const item = (list.children[index] as HTMLElement | undefined) ?? list.appendChild(newCaption());
    const [name, text, mark] = item.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
    item.dataset["speaker"] = caption.speaker;
    item.dataset["settled"] = String(caption.settled);
    // A text that still grows would be read again and again.
    item.setAttribute("aria-busy", String(!caption.settled));
    write(name, caption.speaker === "user" ? "You" : "Agent");
    writeHeard(text, caption);
    write(mark, caption.interrupted ? " — interrupted" : "");
  });
  list.scrollTop = list.scrollHeight;
}

function newCaption(): HTMLLIElement {
  const item = document.createElement("li");
  item.append(document.createElement("b"), document.createElement("span"), document.createElement("i"));
  return item;
}

/** The word that is being heard stands out. */
function writeHeard(target: HTMLElement, { text, fresh }: Caption): void {
  if (fresh === "") {
    write(target, text);
  } else if (target.textContent !== text || target.lastElementChild?.textContent !== fresh) {
    const word = document.createElement("span");
    word.className = "fresh";
    word.textContent = fresh;
    target.replaceChildren(text.slice(0, -fresh.length), word);
  }
}

function write(target: HTMLElement, text: string): void {
  if (target.textContent !== text || target.firstElementChild) {
    target.textContent = text;
  }
}
