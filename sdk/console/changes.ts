/** Asks before a page is left on which something was typed and not saved. */

/** What a form would send. */
function typed(form: HTMLFormElement): string {
  return [...new FormData(form)].map(([name, value]) => `${name}=${String(value)}`).join("\n");
}

/**
 * Watches a form.
 *
 * @param unsaved It came back with complaints: what is in it is stored nowhere.
 * @param told Told whether there is anything to be saved, at once and whenever something is typed.
 */
export function watchChanges(
  form: HTMLFormElement,
  { unsaved = false, told = () => {} }: { unsaved?: boolean; told?: (changed: boolean) => void } = {},
): void {
  const before = typed(form);
  let saving = false;
  const isChanged = (): boolean => unsaved || typed(form) !== before;
  const tell = (): void => told(isChanged());
  form.addEventListener("input", tell);
  document.addEventListener("htmx:afterSettle", tell);
  form.addEventListener("submit", () => (saving = true));
  addEventListener("beforeunload", (event) => {
    if (!saving && isChanged()) {
      event.preventDefault();
    }
  });
  // Coming back by the browser's own button, the page is as it was left.
  addEventListener("pageshow", () => (saving = false));
  tell();
}
