import { isRunning } from "../states.js";
import type { Line } from "../transcript.js";
import { make, mark, write } from "./dom.js";
import { linked } from "./linked.js";
import type { Part, Scene } from "./scene.js";

/** How near to its end a log counts as read to the end, in pixels. */
const NEAR_PX = 60;

/** What was said and written; it stays at its end unless the visitor has scrolled back. */
export function conversationLog(): Part {
  const empty = make("p", { class: "empty", part: "empty" });
  const list = make("ol", { part: "transcript" });
  const dots = make(
    "p",
    { class: "dots", part: "typing-indicator" },
    make("span"),
    make("span"),
    make("span"),
  );
  mark(dots, "aria-hidden", "true");
  const note = make("p", { class: "note", part: "note" });
  const element = make("div", { class: "log", role: "log", tabindex: "0" }, empty, list, dots, note);
  return {
    element,
    show(scene) {
      const { settings, labels, status, state } = scene;
      const lines = shownLines(scene);
      const wasAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      const calling = isRunning(status) && status.kind === "webcall";
      mark(element, "aria-label", labels.conversation);
      // A screen reader that reads captions aloud during a call is heard by the agent, and speaks over it.
      mark(element, "aria-live", calling ? "off" : "polite");
      element.hidden =
        state === "consent" ||
        (settings.mode === "voice" && (!settings.voiceShowTranscript || lines.length === 0)) ||
        (settings.mode === "hybrid" && lines.length === 0 && state === "idle");
      write(empty, lines.length > 0 ? "" : emptyText(scene));
      empty.hidden = lines.length > 0;
      follow(list, lines, scene);
      dots.hidden = !(status.thinking && status.kind === "chat" && status.phase === "live");
      const isOver = status.phase === "ended" && settings.mode !== "voice";
      write(note, isOver ? `${labels.states.ended}. ${labels.chat.goOn}` : "");
      if (wasAtEnd) {
        element.scrollTop = element.scrollHeight;
      }
    },
  };
}

/** The lines, after the operator's first words where nobody has spoken yet. */
function shownLines({ settings, lines }: Scene): readonly Line[] {
  const text = settings.mode === "voice" ? undefined : settings.chatFirstMessage;
  // The agent may greet with the same words itself.
  if (text === undefined || lines.some((line) => line.speaker === "agent" && line.text === text)) {
    return lines;
  }
  return [{ speaker: "agent", text, settled: true, interrupted: false, pending: false }, ...lines];
}

function emptyText({ settings, labels }: Scene): string {
  return settings.mode === "chat" ? (settings.chatEmptyMessage ?? labels.chatEmpty) : labels.voiceActiveEmpty;
}

/** Brings the list in line with the lines; only what changed is touched, and so read aloud. */
function follow(list: HTMLOListElement, lines: readonly Line[], { settings, labels }: Scene): void {
  while (list.children.length > lines.length) {
    list.lastElementChild?.remove();
  }
  lines.forEach((line, index) => {
    const item = (list.children[index] as HTMLElement | undefined) ?? list.appendChild(newItem());
    const [name, text, cut] = item.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
    mark(item, "data-speaker", line.speaker);
    mark(item, "part", `line line-${line.speaker}`);
    mark(item, "data-settled", String(line.settled));
    mark(item, "data-pending", line.pending ? "true" : undefined);
    // A text that still grows would be read again and again.
    mark(item, "aria-busy", String(!line.settled));
    write(name, `${line.speaker === "user" ? labels.you : (settings.widgetName ?? labels.agent)}: `);
    linked(text, line.text);
    write(cut, line.interrupted ? ` — ${labels.interrupted}` : "");
  });
}

const newItem = (): HTMLLIElement =>
  make("li", {}, make("b", { class: "unseen" }), make("span", { dir: "auto" }), make("i"));
