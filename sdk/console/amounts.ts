/** Amounts as people read them, in the reader's language. */

/** What a chart has for each of its points. */
export type Unit = "hour" | "day";

/** A number, with at most one digit behind the point. */
export function amount(value: number): string {
  return value.toLocaleString(undefined, { maximumFractionDigits: value < 100 ? 1 : 0 });
}

/** A waiting time such as `640 ms` or `1.2 s`. */
export function milliseconds(value: number | null): string {
  if (value === null) {
    return "–";
  }
  return value < 1000
    ? `${Math.round(value)} ms`
    : `${(value / 1000).toLocaleString(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} s`;
}

/** A length such as `4:05`. */
export function seconds(value: number | null): string {
  if (value === null) {
    return "–";
  }
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A number of minutes. */
export function minutes(value: number): string {
  return `${amount(value)} min`;
}

/** The name of an hour or a day that begins so many seconds after 1970, in the reader's zone. */
export function momentName(start: number, unit: Unit): string {
  return new Date(start * 1000).toLocaleString(
    undefined,
    unit === "hour"
      ? { weekday: "short", hour: "2-digit", minute: "2-digit" }
      : { weekday: "short", day: "numeric", month: "short" },
  );
}

/** The same, as short as an axis needs it. */
export function axisName(start: number, unit: Unit): string {
  return new Date(start * 1000).toLocaleString(
    undefined,
    unit === "hour" ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" },
  );
}
