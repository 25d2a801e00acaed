/** Charts over time, drawn by uPlot; read with the pointer or the arrow keys, in words. */
import uPlot from "uplot";
import { axisName, momentName, type Unit } from "./amounts.js";
import { colour, onColours, type ColourName } from "./colours.js";

/** One figure of a chart. */
export interface Line {
  readonly values: readonly (number | null)[];
  readonly kind: "bars" | "line" | "dashes";
  readonly colour: ColourName;
  /** A value in words; null where there is none. */
  readonly read: (value: number | null) => string;
}

/** What a chart shows: a value of each line for each hour or day. */
export interface Shown {
  readonly unit: Unit;
  /** When each hour or day begins, in seconds since 1970. */
  readonly starts: readonly number[];
  readonly lines: readonly Line[];
  /** A value as the axis has it. */
  readonly axis: (value: number) => string;
}

export interface Chart {
  /** Shows these figures instead of those before. */
  show(figures: Shown): void;
}

const HEIGHT = 190;
const NARROWEST = 220;
/** More points than have room for their marks and names. */
const MANY = 12;
const FONT = "12px system-ui, sans-serif";

/**
 * A chart in `place`, which is a slider for the keyboard and for screen readers.
 *
 * @param readout Where the point under the pointer is put into words.
 */
export function chart(place: HTMLElement, readout: HTMLElement): Chart {
  let shown: Shown | undefined;
  let drawn: uPlot | undefined;
  /** The point that is read; the last one until somebody chooses. */
  let at = 0;

  const draw = (): void => {
    drawn?.destroy();
    drawn = shown && new uPlot(options(shown, width(place), read), data(shown), place);
    drawn?.root.setAttribute("aria-hidden", "true");
  };

  const read = (index: number | null | undefined): void => {
    if (!shown) {
      return;
    }
    at = index ?? shown.starts.length - 1;
    const words = inWords(shown, at);
    readout.textContent = words;
    place.setAttribute("aria-valuenow", String(at));
    place.setAttribute("aria-valuetext", words);
  };

  const move = (index: number): void => {
    const start = shown?.starts[index];
    if (drawn && start !== undefined) {
      drawn.setCursor({ left: drawn.valToPos(start, "x"), top: 0 });
      read(index);
    }
  };

  place.addEventListener("keydown", (event) => {
    const last = (shown?.starts.length ?? 1) - 1;
    const to: Record<string, number> = {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      PageDown: at - 7,
      PageUp: at + 7,
      Home: 0,
      End: last,
    };
    const wanted = to[event.key];
    if (wanted !== undefined) {
      event.preventDefault();
      move(Math.min(Math.max(wanted, 0), last));
    }
  });
  place.addEventListener("blur", () => {
    drawn?.setCursor({ left: -10, top: -10 });
    read(undefined);
  });
  onColours(draw);
  new ResizeObserver(() => {
    if (drawn && drawn.width !== width(place)) {
      drawn.setSize({ width: width(place), height: HEIGHT });
    }
  }).observe(place);

  return {
    show(figures) {
      shown = figures;
      place.setAttribute("aria-valuemax", String(figures.starts.length - 1));
      draw();
      read(undefined);
    },
  };
}

function inWords({ unit, starts, lines }: Shown, index: number): string {
  const values = lines.map(({ values, read }) => read(values[index] ?? null)).filter((text) => text !== "");
  return `${momentName(starts[index] ?? 0, unit)}: ${values.join(", ")}`;
}

function width(place: HTMLElement): number {
  return Math.max(Math.floor(place.clientWidth), NARROWEST);
}

function data({ starts, lines }: Shown): uPlot.AlignedData {
  return [[...starts], ...lines.map(({ values }) => [...values])] as uPlot.AlignedData;
}

function options(
  { unit, starts, lines, axis }: Shown,
  wide: number,
  read: (index: number | null | undefined) => void,
): uPlot.Options {
  const ink = { stroke: colour("soft"), font: FONT, ticks: { show: false } };
  const step = (starts[1] ?? 0) - (starts[0] ?? 0);
  const highest = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  return {
    width: wide,
    height: HEIGHT,
    // On the right, half of the last name where bars are narrower than it.
    padding: [10, starts.length > MANY ? 22 : 6, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      // Half a step on each side, for the first bar and the last.
      x: { time: true, range: (_, first, last) => [first - step / 2, last + step / 2] },
      y: { range: [0, highest === 0 ? 1 : highest * 1.08] },
    },
    axes: [
      {
        ...ink,
        grid: { show: false },
        size: 28,
        splits: (plot) => labelled(starts, plot.width),
        values: (_, splits) => splits.map((start) => axisName(start, unit)),
      },
      {
        ...ink,
        grid: { stroke: colour("line"), width: 1 },
        size: 56,
        incrs: wholeSteps(lines),
        values: (_, splits) => splits.map(axis),
      },
    ],
    series: [{}, ...lines.map((line) => series(line, starts.length))],
    hooks: { setCursor: [(self) => read(self.cursor.idx)] },
  };
}

/** As many points as there is room to name. */
function labelled(starts: readonly number[], wide: number): number[] {
  const every = Math.max(1, Math.ceil(starts.length / Math.max(2, Math.floor((wide - 60) / 70))));
  // Counted from the end, so that the hour or day that runs has its name.
  return starts.filter((_, index) => (starts.length - 1 - index) % every === 0);
}

/** Steps of the axis: no half calls. */
function wholeSteps(lines: readonly Line[]): number[] {
  const whole = lines.every(({ values }) =>
    values.every((value) => value === null || Number.isInteger(value)),
  );
  const decades = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];
  const steps = decades.flatMap((one) => [one, 2 * one, 5 * one]);
  return whole ? steps : [0.1, 0.2, 0.5, ...steps];
}

function series({ kind, colour: name }: Line, count: number): uPlot.Series {
  const stroke = colour(name);
  if (kind === "bars") {
    return {
      fill: stroke,
      width: 0,
      points: { show: false },
      paths: uPlot.paths.bars!({ size: [0.7, 36], radius: 0.15 }),
    };
  }
  return {
    stroke,
    width: 2,
    spanGaps: false,
    points: { show: true, size: count > 3 * MANY ? 2.5 : 5, fill: stroke, stroke },
    ...(kind === "dashes" ? { dash: [5, 4] } : {}),
  };
}
