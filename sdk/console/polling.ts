/**
 * Parts of a page that ask for their news again and again: `data-poll="2000" hx-trigger="poll" hx-get="…"`.
 *
 * Nobody asks while the page is hidden; when it is seen again, all do at once.
 */

/** The parts that are being asked for. */
const timers = new Map<Element, ReturnType<typeof setInterval>>();

function ask(part: Element): void {
  part.dispatchEvent(new CustomEvent("poll"));
}

/** Forgets parts that are gone, and takes up those that are new. */
function look(): void {
  for (const [part, timer] of timers) {
    if (!part.isConnected) {
      clearInterval(timer);
      timers.delete(part);
    }
  }
  for (const part of document.querySelectorAll<HTMLElement>("[data-poll]")) {
    if (!timers.has(part)) {
      const everyMs = Number(part.dataset["poll"]);
      timers.set(
        part,
        setInterval(() => {
          if (!part.isConnected) {
            look();
          } else if (!document.hidden) {
            ask(part);
          }
        }, everyMs),
      );
    }
  }
}

/** Begins, for this page and for all parts that htmx brings later. */
export function poll(): void {
  document.addEventListener("htmx:afterSettle", look);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      timers.forEach((_, part) => ask(part));
    }
  });
  look();
}
