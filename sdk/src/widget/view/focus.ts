const FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]), select, textarea, [tabindex="0"]';

/** What the Tab key reaches inside `root`, in order. */
export const focusable = (root: HTMLElement): HTMLElement[] =>
  [...root.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((element) => element.checkVisibility?.() ?? true);

/** Keeps the Tab key inside `root`: the last is followed by the first. */
export function keepInside(root: HTMLElement, event: KeyboardEvent): void {
  const reachable = focusable(root);
  const [first, last] = [reachable[0], reachable.at(-1)];
  const shadow = root.getRootNode() as ShadowRoot;
  const current = shadow.activeElement;
  if (!first || !last) {
    event.preventDefault();
  } else if (event.shiftKey && (current === first || current === root)) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && current === last) {
    event.preventDefault();
    first.focus();
  }
}
