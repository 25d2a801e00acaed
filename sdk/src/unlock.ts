import type { Browser } from "./browser.js";

// What counts as the visitor's gesture, and what brings a page back to the front.
const CHANCES = ["pointerdown", "pointerup", "keydown", "touchend", "visibilitychange"];

/**
 * Keeps an audio context running.
 *
 * Browsers start it suspended outside a gesture, and suspend it for a phone call, a locked screen or a hidden
 * page. Whenever it is not running, the next gesture or the page's return starts it again.
 *
 * @param changed Told of every change of its state.
 * @returns Ends the watch.
 */
export function keepRunning(
  context: AudioContext,
  events: EventTarget,
  changed: () => void = () => undefined,
): () => void {
  const resume = (): void => {
    if (context.state !== "running" && context.state !== "closed") {
      // A refusal means "not without a gesture"; the next chance comes by itself.
      context.resume().catch(() => undefined);
    }
  };
  const follow = (): void => {
    changed();
    resume();
  };
  const options = { capture: true, passive: true };
  for (const chance of CHANCES) {
    events.addEventListener(chance, resume, options);
  }
  context.addEventListener("statechange", follow);
  resume();
  return () => {
    for (const chance of CHANCES) {
      events.removeEventListener(chance, resume, options);
    }
    context.removeEventListener("statechange", follow);
  };
}

/** Plays one sample of silence: WebKit opens the output for a sound that starts inside the gesture. */
export function prime(context: AudioContext): void {
  const silence = context.createBufferSource();
  silence.buffer = context.createBuffer(1, 1, context.sampleRate);
  silence.connect(context.destination);
  silence.start();
}

/**
 * Keeps the screen on, where the browser can: a locked telephone suspends sound.
 *
 * The browser ends that when the page is hidden, so it is asked again when the page is back.
 *
 * @returns Lets the screen sleep again.
 */
export function keepAwake({ events, wakeLock }: Browser): () => void {
  let lock: Promise<WakeLockSentinel | undefined> | undefined;
  let ended = false;
  const release = (): void => void lock?.then((held) => held?.release()).catch(() => undefined);
  const ask = (): void => {
    if (!ended) {
      release();
      lock = wakeLock?.request("screen").catch(() => undefined);
    }
  };
  events.addEventListener("visibilitychange", ask);
  ask();
  return () => {
    ended = true;
    events.removeEventListener("visibilitychange", ask);
    release();
  };
}
