/** The conversation as it is shown: both sides, tools, and under each answer how long it took. */
import { element } from "./elements.js";
import type { ToolAnswer } from "./try-events.js";
import { waterfall, type Stage } from "./waterfall.js";

/** The longest text of a tool that is shown, in characters. */
const MOST_CHARS = 4000;

export type Speaker = "user" | "agent";

/** An answer with the figures that are known of it. */
export interface Answer {
  readonly item: HTMLElement;
  stages: readonly Stage[];
  networkMs: number | undefined;
  playbackMs: number | undefined;
}

export class TryLog {
  readonly #list: HTMLElement;
  /** The running turn of each speaker. */
  readonly #open = new Map<Speaker, HTMLElement>();
  readonly #tools = new Map<string, HTMLElement>();
  #answers: Answer[] = [];
  /** What the whole width of a waterfall stands for, in milliseconds: as much as the slowest answer took. */
  #fullMs = 0;

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  clear(): void {
    this.#list.replaceChildren();
    this.#open.clear();
    this.#tools.clear();
    this.#answers = [];
    this.#fullMs = 0;
    this.#scroll();
  }

  /**
   * News of a speaker's running turn.
   *
   * @param text The whole turn so far.
   * @param fresh The word at its end that is being heard now.
   */
  say(speaker: Speaker, text: string, settled: boolean, fresh = ""): void {
    let item = this.#open.get(speaker);
    if (!item && text === "") {
      return;
    }
    item ??= this.#begin(speaker);
    writeHeard(item.querySelector(".said")!, text, fresh);
    item.classList.toggle("settled", settled);
    // A text that still grows would be read again and again.
    item.setAttribute("aria-busy", String(!settled));
    if (settled) {
      this.#open.delete(speaker);
    }
    this.#scroll();
  }

  /** The agent begins a turn. @returns Where its figures go. */
  answer(): Answer {
    const item = this.#open.get("agent") ?? this.#begin("agent");
    const answer: Answer = { item, stages: [], networkMs: undefined, playbackMs: undefined };
    this.#answers.push(answer);
    this.#scroll();
    return answer;
  }

  /** The visitor spoke over the agent. */
  interrupted(): void {
    const item = this.#open.get("agent") ?? this.#last("agent");
    if (item) {
      write(item.querySelector(".mark")!, "interrupted");
    }
  }

  /** The agent's turn is over: a text that was never settled stays as it stands, and an empty one goes. */
  agentStopped(): void {
    const item = this.#open.get("agent");
    this.#open.delete("agent");
    item?.querySelector(".fresh")?.classList.remove("fresh");
    if (item?.querySelector(".said")?.textContent === "") {
      item.remove();
    } else {
      item?.setAttribute("aria-busy", "false");
      item?.classList.add("settled");
    }
  }

  toolAsked(id: string, name: string, context: unknown): void {
    const item = element("li", "tool");
    const box = element("details", "");
    const summary = element("summary", "");
    summary.append(element("b", "name", name), element("span", "result", "running …"));
    box.append(summary, element("p", "hint", "Asked with"), element("pre", "", pretty(context)));
    item.append(box);
    this.#tools.set(id, item);
    this.#list.append(item);
    this.#scroll();
  }

  toolAnswered(id: string, { response, error, latencyMs }: ToolAnswer): void {
    const item = this.#tools.get(id);
    const box = item?.querySelector("details");
    if (!item || !box) {
      return;
    }
    item.classList.add(error ? "failed" : "done");
    const how = error ? `failed: ${error}` : "answered";
    write(item.querySelector(".result")!, `${how}, ${Math.round(latencyMs).toLocaleString("en")} ms`);
    box.append(element("p", "hint", "Answer"), element("pre", "", pretty(response)));
    this.#scroll();
  }

  /** A sentence of ours between what is said. */
  note(text: string): void {
    this.#list.append(element("li", "note", text));
    this.#scroll();
  }

  /** Shows what is known of how long an answer took. */
  showLatency(answer: Answer): void {
    const totalMs = stagesOf(answer).reduce((sum, { ms }) => sum + ms, 0);
    if (totalMs > this.#fullMs) {
      this.#fullMs = totalMs;
      this.#answers.forEach((one) => this.#draw(one));
    } else {
      this.#draw(answer);
    }
    this.#scroll();
  }

  #draw(answer: Answer): void {
    if (answer.stages.length === 0) {
      return;
    }
    const before = answer.item.querySelector<HTMLDetailsElement>(".waterfall");
    const drawn = waterfall(stagesOf(answer), { fullMs: this.#fullMs, open: before?.open ?? false });
    if (before) {
      before.replaceWith(drawn);
    } else {
      answer.item.append(drawn);
    }
  }

  #begin(speaker: Speaker): HTMLElement {
    const item = element("li", speaker);
    item.append(
      element("b", "who", speaker === "user" ? "You" : "Agent"),
      element("p", "said"),
      element("span", "mark"),
    );
    this.#open.set(speaker, item);
    this.#list.append(item);
    return item;
  }

  #last(speaker: Speaker): HTMLElement | undefined {
    return [...this.#list.querySelectorAll<HTMLElement>(`li.${speaker}`)].at(-1);
  }

  /** The box around the list scrolls, and is not there while the list is empty. */
  #scroll(): void {
    const box = this.#list.parentElement;
    if (box) {
      box.hidden = this.#list.childElementCount === 0;
      box.scrollTop = box.scrollHeight;
    }
  }
}

/** Everything between the end of the visitor's turn and the first sound that he hears. */
export function stagesOf({ stages, networkMs, playbackMs }: Answer): Stage[] {
  return [
    ...stages,
    ...(networkMs === undefined ? [] : [{ kind: "network", ms: networkMs } as const]),
    ...(playbackMs === undefined ? [] : [{ kind: "playback", ms: playbackMs } as const]),
  ];
}

/** A value as people read it; a text that is JSON is laid out as such. */
function pretty(value: unknown): string {
  let read = value;
  if (typeof value === "string") {
    try {
      read = JSON.parse(value);
    } catch {
      // It is words.
    }
  }
  const text = typeof read === "string" ? read : JSON.stringify(read, undefined, 2);
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)} …` : text;
}

/** The word that is being heard stands out. */
function writeHeard(target: Element, text: string, fresh: string): void {
  if (fresh === "") {
    write(target, text);
  } else {
    target.replaceChildren(text.slice(0, -fresh.length), element("span", "fresh", fresh));
  }
}

function write(target: Element, text: string): void {
  if (target.textContent !== text || target.firstElementChild) {
    target.textContent = text;
  }
}
