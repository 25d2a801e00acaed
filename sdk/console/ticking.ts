/** Lengths of calls that go on: `<span data-ticking="42.5">0:42</span>`, in seconds when the server made the page. */

const EVERY_MS = 1000;

/** When each call began, by the clock of this page: that of the server may be another. */
const begins = new WeakMap<Element, number>();

/** A length such as `4:05` or `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number: number): string => String(number).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

function go(): void {
  for (const part of document.querySelectorAll<HTMLElement>("[data-ticking]")) {
    const began = begins.get(part) ?? performance.now() - 1000 * Number(part.dataset["ticking"]);
    begins.set(part, began);
    part.textContent = clock((performance.now() - began) / 1000);
  }
}

/** Lets them tick, those that htmx brings later as well. */
export function tick(): void {
  document.addEventListener("htmx:afterSettle", go);
  setInterval(go, EVERY_MS);
  go();
}
