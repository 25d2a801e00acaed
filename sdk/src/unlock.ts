// What counts as the visitor's gesture, and what brings a page back to the front.
const CHANCES = ["pointerdown", "pointerup", "keydown", "touchend", "visibilitychange"];

/**
 * Keeps an audio context running.
 *
 * Browsers start it suspended outside a gesture, and suspend it for a phone call, a locked screen or a hidden
 * page. Whenever it is not running, the next gesture or the page's return starts it again.
 *
 * @returns Ends the watch.
 */
export function keepRunning(context: AudioContext, events: EventTarget): () => void {
  const resume = (): void => {
    if (context.state !== "running" && context.state !== "closed") {
      // A refusal means "not without a gesture"; the next chance comes by itself.
      context.resume().catch(() => undefined);
    }
  };
  const options = { capture: true, passive: true };
  for (const chance of CHANCES) {
    events.addEventListener(chance, resume, options);
  }
  context.addEventListener("statechange", resume);
  resume();
  return () => {
    for (const chance of CHANCES) {
      events.removeEventListener(chance, resume, options);
    }
    context.removeEventListener("statechange", resume);
  };
}
