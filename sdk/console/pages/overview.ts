/** The overview: fetches the figures of a period and draws them; asks again for what is live. */
import "./overview.css";
import { chart, type Chart, type Line } from "../charts.js";
import { poll } from "../polling.js";
import { RequestFailed, ask } from "../requests.js";
import { amount, milliseconds, minutes, momentName, seconds, type Unit } from "../amounts.js";

/** What `/console/overview/data` answers: see `views/overview.py`. */
interface Overview {
  readonly unit: Unit;
  readonly starts: readonly number[];
  readonly calls: readonly number[];
  readonly minutes: readonly number[];
  readonly mostAtOnce: readonly number[];
  readonly answerP50Ms: readonly (number | null)[];
  readonly answerP95Ms: readonly (number | null)[];
  readonly totals: {
    readonly calls: number;
    readonly failed: number;
    readonly minutes: number;
    readonly averageS: number | null;
    readonly mostAtOnce: number;
    readonly answerP50Ms: number | null;
    readonly answerP95Ms: number | null;
  };
  readonly ends: readonly { readonly reason: string; readonly text: string; readonly calls: number }[];
  readonly answeredCalls: readonly [number, number];
}

const FIGURES_EVERY_MS = 60_000;
const SVG = "http://www.w3.org/2000/svg";

const figures = document.querySelector<HTMLElement>("#figures");
const form = document.querySelector<HTMLFormElement>("#period-form");
const charts = new Map<string, Chart>();
/** The newest request: an answer to an older one comes too late. */
let asked = 0;

function within<T extends HTMLElement = HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) {
    throw new Error(`the page has no ${selector}`);
  }
  return found;
}

function cell(tag: "th" | "td", text: string, className = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  if (tag === "th") {
    made.setAttribute("scope", "row");
  }
  return made;
}

function showTotals({ totals }: Overview): void {
  const texts: Record<string, string> = {
    calls: amount(totals.calls),
    minutes: amount(totals.minutes),
    average: seconds(totals.averageS),
    most: amount(totals.mostAtOnce),
    p50: milliseconds(totals.answerP50Ms),
    p95: milliseconds(totals.answerP95Ms),
    failed: amount(totals.failed),
  };
  for (const [key, text] of Object.entries(texts)) {
    within(`[data-figure="${key}"]`).textContent = text;
  }
}

function showEnds({ ends }: Overview): void {
  const all = ends.reduce((sum, { calls }) => sum + calls, 0);
  within("#no-ends").hidden = all > 0;
  within("#ends").replaceChildren(
    ...ends.map(({ reason, text, calls }) => {
      const row = document.createElement("tr");
      row.classList.toggle("failed", reason === "server_error");
      const bar = document.createElement("td");
      bar.className = "share";
      const drawing = document.createElementNS(SVG, "svg");
      drawing.setAttribute("viewBox", "0 0 100 10");
      drawing.setAttribute("preserveAspectRatio", "none");
      drawing.setAttribute("aria-hidden", "true");
      const rect = document.createElementNS(SVG, "rect");
      rect.setAttribute("width", String((100 * calls) / all));
      rect.setAttribute("height", "10");
      drawing.append(rect);
      const share = document.createElement("span");
      share.className = "unseen";
      share.textContent = percent(calls / all);
      bar.append(drawing, share);
      row.append(cell("th", text), bar, cell("td", `${amount(calls)} (${percent(calls / all)})`, "number"));
      return row;
    }),
  );
}

function percent(share: number): string {
  return share.toLocaleString(undefined, { style: "percent" });
}

function showTable(found: Overview): void {
  within("[data-unit]").textContent = found.unit === "hour" ? "Hour" : "Day";
  within("#rows").replaceChildren(
    ...found.starts
      .map((start, at) => {
        const row = document.createElement("tr");
        row.append(
          cell("th", momentName(start, found.unit)),
          ...[
            amount(found.calls[at] ?? 0),
            amount(found.minutes[at] ?? 0),
            amount(found.mostAtOnce[at] ?? 0),
            milliseconds(found.answerP50Ms[at] ?? null),
            milliseconds(found.answerP95Ms[at] ?? null),
          ].map((text) => cell("td", text, "number")),
        );
        return row;
      })
      .reverse(),
  );
}

function showCharts(found: Overview): void {
  const { unit, starts } = found;
  const single = (values: readonly number[], read: (value: number) => string): Line[] => [
    { values, kind: "bars", colour: "accent", read: (value) => (value === null ? "–" : read(value)) },
  ];
  const lines: Record<string, { lines: Line[]; axis: (value: number) => string }> = {
    calls: { lines: single(found.calls, (value) => plural(value, "call")), axis: amount },
    minutes: { lines: single(found.minutes, minutes), axis: amount },
    mostAtOnce: {
      lines: single(found.mostAtOnce, (value) => `${plural(value, "call")} at once`),
      axis: amount,
    },
    answers: {
      lines: [
        {
          values: found.answerP50Ms,
          kind: "line",
          colour: "accent",
          read: (value) => (value === null ? "no answers" : milliseconds(value)),
        },
        {
          values: found.answerP95Ms,
          kind: "dashes",
          colour: "busy",
          read: (value) => (value === null ? "" : `95 of 100 within ${milliseconds(value)}`),
        },
      ],
      axis: milliseconds,
    },
  };
  for (const [key, { lines: drawn, axis }] of Object.entries(lines)) {
    const place = within(`[data-chart="${key}"]`);
    let made = charts.get(key);
    if (!made) {
      made = chart(
        place.querySelector<HTMLElement>("[data-plot]")!,
        place.querySelector<HTMLElement>("[data-readout]")!,
      );
      charts.set(key, made);
    }
    made.show({ unit, starts, lines: drawn, axis });
  }
  const [looked, all] = found.answeredCalls;
  within("[data-sample]").textContent =
    looked < all
      ? `of ${amount(looked)} calls, chosen by chance from ${amount(all)}`
      : `of every answer in ${plural(all, "call")}`;
}

function plural(count: number, noun: string): string {
  return `${amount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

async function load(): Promise<void> {
  if (!figures || !form) {
    return;
  }
  const number = ++asked;
  const wanted = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
  wanted.set("zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
  const drawn = within("#charts");
  within("#failed").hidden = true;
  within("#counting").hidden = !drawn.hidden;
  figures.setAttribute("aria-busy", "true");
  drawn.setAttribute("aria-busy", "true");
  try {
    const found = await ask<Overview>(`/console/overview/data?${wanted}`);
    if (number !== asked) {
      return;
    }
    drawn.hidden = false;
    showTotals(found);
    showEnds(found);
    showTable(found);
    showCharts(found);
  } catch (error) {
    if (number !== asked) {
      return;
    }
    drawn.hidden = true;
    within("#failed").hidden = false;
    within("#failed p").textContent =
      error instanceof RequestFailed ? error.message : "The server cannot be reached: check that it runs.";
  } finally {
    if (number === asked) {
      within("#counting").hidden = true;
      figures.setAttribute("aria-busy", "false");
      drawn.setAttribute("aria-busy", "false");
    }
  }
}

if (figures && form) {
  figures.hidden = false;
  form.addEventListener("change", () => {
    const chosen = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    history.replaceState(null, "", `/console?${chosen}`);
    void load();
  });
  within("#retry").addEventListener("click", () => void load());
  void load();
  setInterval(() => !document.hidden && void load(), FIGURES_EVERY_MS);
}

poll();
