/** The words of a call with their moments in the recording: found by time, lit while they are heard. */

/** Turns are made into words when they are near the screen, for a long call has ten thousand. */
const NEAR = "800px";

export interface Turn {
  readonly element: HTMLElement;
  readonly startS: number;
  readonly endS: number;
}

/** The turns of the page, which grows while it is scrolled. */
export class Transcript {
  readonly #list: HTMLElement;
  readonly #near: IntersectionObserver;
  #turns: Turn[] = [];
  #litWord: Element | undefined;
  #litTurn: Turn | undefined;

  constructor(list: HTMLElement) {
    this.#list = list;
    this.#near = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (isIntersecting) {
            this.#near.unobserve(target);
            split(target as HTMLElement);
          }
        }
      },
      { rootMargin: NEAR },
    );
    this.read();
  }

  /** Takes up turns that have come. */
  read(): void {
    const known = new Set(this.#turns.map(({ element }) => element));
    const found = [...this.#list.querySelectorAll<HTMLElement>(".turn")];
    this.#turns = found.map((element) => ({
      element,
      startS: Number(element.dataset["at"]),
      endS: Number(element.dataset["end"] ?? element.dataset["at"]),
    }));
    for (const element of found) {
      if (!known.has(element)) {
        this.#near.observe(element);
      }
    }
    // One of them can be reached with Tab, the others with the arrows.
    if (!this.#list.querySelector('.turn[tabindex="0"]')) {
      found.forEach((element, index) => (element.tabIndex = index === 0 ? 0 : -1));
    } else {
      found
        .filter((element) => !element.hasAttribute("tabindex"))
        .forEach((element) => (element.tabIndex = -1));
    }
  }

  /** When the last turn that the page has begins. */
  get lastS(): number {
    return this.#turns.at(-1)?.startS ?? 0;
  }

  turnOf(element: Element): Turn | undefined {
    const found = element.closest(".turn");
    return this.#turns.find((turn) => turn.element === found);
  }

  /** Moves the focus by some turns. */
  step(from: Element | null, by: number): void {
    const at = this.#turns.findIndex(({ element }) => element === from?.closest(".turn"));
    const next = this.#turns[Math.min(Math.max(at + by, 0), this.#turns.length - 1)];
    if (next) {
      this.#list.querySelector('.turn[tabindex="0"]')?.setAttribute("tabindex", "-1");
      next.element.tabIndex = 0;
      next.element.focus();
    }
  }

  /** Lights the word that is heard at a moment; returns its turn, where another turn has begun. */
  light(atS: number): Turn | undefined {
    const turn = this.#turnAt(atS);
    const word = turn && wordAt(turn.element, atS);
    if (word !== this.#litWord) {
      this.#litWord?.classList.remove("lit");
      word?.classList.add("lit");
      this.#litWord = word;
    }
    if (turn === this.#litTurn) {
      return undefined;
    }
    this.#litTurn?.element.classList.remove("playing");
    turn?.element.classList.add("playing");
    this.#litTurn = turn;
    return turn;
  }

  /** The turn that is heard; where both speak, the one that began last. */
  #turnAt(atS: number): Turn | undefined {
    return this.#turns.filter(({ startS, endS }) => startS <= atS && atS < endS).at(-1);
  }
}

/** The moment of a word that was pointed at, in seconds. */
export function momentOf(target: Element): number | undefined {
  const word = target.closest<HTMLElement>(".word");
  return word ? Number(word.dataset["at"]) / 100 : undefined;
}

function wordAt(turn: HTMLElement, atS: number): Element | undefined {
  split(turn);
  const words = [...turn.querySelectorAll<HTMLElement>(".word")];
  return words.filter(({ dataset }) => Number(dataset["at"]) / 100 <= atS).at(-1);
}

/** Makes the text of a turn into words that can be pointed at. */
function split(turn: HTMLElement): void {
  const said = turn.querySelector<HTMLElement>(".said[data-starts]");
  const starts = said?.dataset["starts"]?.split(" ") ?? [];
  if (!said || said.dataset["split"] !== undefined) {
    return;
  }
  said.dataset["split"] = "";
  const made = (said.textContent ?? "").split(" ").flatMap((text, index) => {
    const word = document.createElement("span");
    word.textContent = text;
    const at = starts[index];
    if (at !== undefined) {
      word.className = "word";
      word.dataset["at"] = at;
    }
    return index === 0 ? [word] : [" ", word];
  });
  said.replaceChildren(...made);
}
