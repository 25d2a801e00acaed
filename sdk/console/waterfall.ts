/**
 * How long an answer took, stage by stage: one bar, which opens into a table with a row for each stage.
 *
 * The server makes the same elements for calls that are over (`templates/waterfall.html`).
 */
import { element } from "./elements.js";

/** In the order in which they happen. */
export type StageKind = "wait" | "stt" | "llm" | "voice" | "network" | "playback";

export interface Stage {
  readonly kind: StageKind;
  readonly ms: number;
}

export interface WaterfallOptions {
  /** What the whole width stands for, in milliseconds, so that turns can be compared; the total where absent. */
  readonly fullMs?: number;
  /** Whether the table shows at once. */
  readonly open?: boolean;
  /** A sentence below the table. */
  readonly note?: string;
}

/** The stages that the server has timed, as the event `turn_latency` has them; in milliseconds. */
export interface TimedTurn {
  readonly smart_turn_ms: number;
  readonly stt_api_ms: number;
  readonly llm_api_ms: number;
  readonly tts_api_ms: number;
}

const LABELS: Readonly<Record<StageKind, string>> = {
  wait: "End of turn",
  stt: "Speech to text",
  llm: "Language model",
  voice: "Voice",
  network: "Network",
  playback: "Playback",
};

const SVG = "http://www.w3.org/2000/svg";
/** Units of the drawings, which stretch to whatever room there is. */
const WIDTH = 1000;
const HEIGHT = 10;

/** The stages of the server, of the event `turn_latency`. */
export function stagesOf(event: TimedTurn): Stage[] {
  return [
    { kind: "wait", ms: event.smart_turn_ms },
    { kind: "stt", ms: event.stt_api_ms },
    { kind: "llm", ms: event.llm_api_ms },
    { kind: "voice", ms: event.tts_api_ms },
  ];
}

/** The waterfall of one answer; stages stand in the order given. */
export function waterfall(stages: readonly Stage[], options: WaterfallOptions = {}): HTMLDetailsElement {
  const known = stages.map(({ kind, ms }) => ({ kind, ms: Math.max(0, Math.round(ms)) }));
  const totalMs = known.reduce((sum, { ms }) => sum + ms, 0);
  const fullMs = Math.max(options.fullMs ?? 0, totalMs, 1);
  let startMs = 0;
  const bars = known.map(({ kind, ms }) => {
    const bar = { kind, ms, startMs };
    startMs += ms;
    return bar;
  });
  const box = element("details", "waterfall");
  box.open = options.open ?? false;
  const summary = element("summary");
  summary.append(drawing(bars, fullMs), element("b", "", duration(totalMs)));
  summary.append(element("span", "unseen", ` until the answer ${isHeard(known) ? "was heard" : "began"}`));
  box.append(summary, table(bars, { totalMs, isHeard: isHeard(known) }));
  if (options.note) {
    box.append(element("p", "hint", options.note));
  }
  return box;
}

interface Bar extends Stage {
  readonly startMs: number;
}

function table(
  bars: readonly Bar[],
  { totalMs, isHeard }: { totalMs: number; isHeard: boolean },
): HTMLElement {
  const made = element("table");
  made.append(element("caption", "unseen", "How long the answer took"));
  const body = element("tbody");
  for (const bar of bars) {
    body.append(row(LABELS[bar.kind], bar.ms, drawing([bar], Math.max(totalMs, 1))));
  }
  const last = row(isHeard ? "Until it was heard" : "Until it began", totalMs);
  last.className = "total";
  body.append(last);
  made.append(body);
  return made;
}

function row(label: string, ms: number, bars?: SVGElement): HTMLTableRowElement {
  const made = element("tr");
  const head = element("th", "", label);
  head.scope = "row";
  const cell = element("td", "drawn");
  if (bars) {
    cell.append(bars);
  }
  made.append(head, cell, element("td", "number", `${ms.toLocaleString("en")} ms`));
  return made;
}

function drawing(bars: readonly Bar[], fullMs: number): SVGElement {
  const made = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  for (const { kind, ms, startMs } of bars) {
    made.append(
      shape("rect", {
        class: `stage-${kind}`,
        x: ((startMs / fullMs) * WIDTH).toFixed(1),
        y: "0",
        width: ((ms / fullMs) * WIDTH).toFixed(1),
        height: String(HEIGHT),
      }),
    );
  }
  return made;
}

const isHeard = (stages: readonly Stage[]): boolean =>
  stages.some(({ kind }) => kind === "network" || kind === "playback");

/** Such as `850 ms` or `1.24 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function shape(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) {
    made.setAttribute(attribute, value);
  }
  return made;
}
