/** Hears a call: the player with its keys, in step with the transcript. */
import { drawWave } from "./call-wave.js";
import { momentOf, Transcript } from "./call-words.js";
import { say } from "./notices.js";
import { clock } from "./ticking.js";

const STEP_S = 5;
/** Whoever has scrolled does not want the page to scroll for so long. */
const SCROLLED_MS = 5000;
/** How long turns that are sought may take to come. */
const SOUGHT_MS = 3000;
/** Where keys mean something else. */
const OPERABLE = "input, select, textarea, button, summary, a, dialog, [contenteditable], pre";

/** Makes the player of the page work, unless there is none or it does so already. */
export function mountPlayer(list: HTMLElement, nonce: string): void {
  const box = document.querySelector<HTMLElement>("#sound");
  const audio = box?.querySelector<HTMLAudioElement>("#audio");
  if (!box || !audio || box.dataset["mounted"] !== undefined) {
    return;
  }
  box.dataset["mounted"] = "";
  const part = <Kind extends HTMLElement>(selector: string): Kind => box.querySelector<Kind>(selector)!;
  const play = part<HTMLButtonElement>("#play");
  const position = part<HTMLInputElement>("#position");
  const time = part("#clock");
  const speed = part<HTMLSelectElement>("#speed");
  const transcript = new Transcript(list);
  let scrolledAt = -SCROLLED_MS;
  let soughtAt = -SOUGHT_MS;

  /** Goes to a moment, for which the page may have to fetch turns. */
  function seek(atS: number): void {
    soughtAt = performance.now();
    audio!.currentTime = Math.min(Math.max(atS, 0), audio!.duration || atS);
    show();
  }
  function hear(atS: number): void {
    seek(atS);
    void start();
  }
  async function start(): Promise<void> {
    try {
      await audio!.play();
    } catch (error) {
      // A second click while the first is still loading is none of the listener's concern.
      if (!(error instanceof DOMException && error.name === "AbortError")) {
        say("The recording cannot be played: the browser could not load or decode it.", "problem");
      }
    }
  }
  const toggle = (): void => void (audio.paused ? start() : audio.pause());

  function show(): void {
    const atS = audio!.currentTime;
    const lengthS = Number.isFinite(audio!.duration) ? audio!.duration : 0;
    time.textContent = `${clock(atS)} / ${clock(lengthS)}`;
    position.max = String(lengthS);
    position.value = String(atS);
    position.setAttribute("aria-valuetext", `${clock(atS)} of ${clock(lengthS)}`);
    if (atS > transcript.lastS) {
      list.querySelector(".more")?.dispatchEvent(new CustomEvent("more"));
    }
    const turn = transcript.light(atS);
    const now = performance.now();
    const isWanted = now - soughtAt < SOUGHT_MS || (!audio!.paused && now - scrolledAt > SCROLLED_MS);
    if (turn && isWanted) {
      turn.element.scrollIntoView({ block: "nearest" });
    }
  }
  function follow(): void {
    show();
    if (!audio!.paused) {
      requestAnimationFrame(follow);
    }
  }

  audio.addEventListener("play", () => {
    play.querySelector("span")!.textContent = "Pause";
    follow();
  });
  audio.addEventListener("pause", () => {
    play.querySelector("span")!.textContent = "Play";
    show();
  });
  for (const event of ["loadedmetadata", "seeked", "timeupdate"]) {
    audio.addEventListener(event, show);
  }
  play.addEventListener("click", toggle);
  position.addEventListener("input", () => seek(Number(position.value)));
  speed.addEventListener("change", () => (audio.playbackRate = Number(speed.value)));
  for (const event of ["wheel", "touchmove"]) {
    addEventListener(event, () => (scrolledAt = performance.now()), { passive: true });
  }
  list.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : undefined;
    const atS = target && momentOf(target);
    // Words that were selected are to be copied, not heard.
    if (atS !== undefined && getSelection()?.isCollapsed !== false) {
      hear(atS);
    }
  });
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest(OPERABLE)) {
      return;
    }
    const turn = transcript.turnOf(target);
    if (event.key === " ") {
      toggle();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      seek(audio.currentTime + (event.key === "ArrowLeft" ? -STEP_S : STEP_S));
    } else if (turn && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      transcript.step(target, event.key === "ArrowUp" ? -1 : 1);
    } else if (turn && event.key === "Enter") {
      hear(turn.startS);
    } else {
      return;
    }
    event.preventDefault();
  });
  document.addEventListener("htmx:afterSettle", () => {
    transcript.read();
    show();
  });

  for (const hidden of box.querySelectorAll<HTMLElement>("[hidden]")) {
    hidden.hidden = false;
  }
  show();
  const wave = part("#wave");
  drawWave(wave, audio, nonce).catch(() => {
    wave.textContent = "The sound could not be drawn; it can be heard all the same.";
  });
}
