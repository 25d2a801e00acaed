/** What every page of the console has: copying, dialogs, the choice of colours, times of the reader's zone. */
import { COLOURS_CHANGED } from "./colours.js";
import { say } from "./notices.js";

const COPIED_MS = 2000;

/** Buttons that need a script are hidden until there is one. */
function reveal(within: ParentNode): void {
  for (const button of within.querySelectorAll<HTMLElement>("[data-copy], [data-theme-toggle]")) {
    button.hidden = false;
  }
  for (const time of within.querySelectorAll<HTMLTimeElement>("time[data-time]")) {
    const moment = new Date(time.dateTime);
    time.title = time.textContent ?? "";
    time.textContent = localTime(moment);
    time.removeAttribute("data-time");
  }
}

/** A moment in the reader's zone and language; the year only where it is another. */
function localTime(moment: Date): string {
  return moment.toLocaleString(undefined, {
    ...(moment.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" }),
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}

async function copy(button: HTMLElement): Promise<void> {
  const source = document.getElementById(button.dataset["copy"] ?? "");
  const label = button.querySelector("span") ?? button;
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(source?.textContent ?? "");
    label.textContent = "Copied";
  } catch {
    // No permission, or no secure page: the text is selected, so that the keyboard copies it.
    if (source) {
      getSelection()?.selectAllChildren(source);
    }
    label.textContent = "Press Ctrl+C";
  }
  setTimeout(() => (label.textContent = before), COPIED_MS);
}

function toggleTheme(): void {
  const root = document.documentElement;
  const isDark =
    (root.dataset["theme"] ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) ===
    "dark";
  root.dataset["theme"] = isDark ? "light" : "dark";
  try {
    localStorage.setItem("vivavoce-theme", root.dataset["theme"]);
  } catch {
    // Storage is blocked: the choice holds for this page.
  }
  document.dispatchEvent(new Event(COLOURS_CHANGED));
}

/** Where the tabs are wider than the screen, the one of this page is in view. */
function showCurrentTab(): void {
  for (const tabs of document.querySelectorAll<HTMLElement>(".tabs")) {
    const current = tabs.querySelector("[aria-current]")?.getBoundingClientRect();
    if (current) {
      const left = current.left - tabs.getBoundingClientRect().left;
      tabs.scrollLeft += left - (tabs.clientWidth - current.width) / 2;
    }
  }
}

const dialog = document.querySelector<HTMLDialogElement>("#dialog");

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : undefined;
  const button = target?.closest<HTMLElement>("[data-copy], [data-theme-toggle], [data-close], [data-opens]");
  if (!button) {
    if (target === dialog) {
      dialog?.close();
    }
    return;
  }
  if (button.dataset["copy"] !== undefined) {
    void copy(button);
  } else if (button.dataset["themeToggle"] !== undefined) {
    toggleTheme();
  } else if (button.dataset["opens"] !== undefined) {
    document.querySelector<HTMLDialogElement>(`#${button.dataset["opens"]}`)?.showModal();
  } else {
    const open = button.closest("dialog");
    if (open) {
      // On a page of its own, the link leads back.
      event.preventDefault();
      open.close();
    }
  }
});

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector<HTMLDetailsElement>("details[data-menu][open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.target instanceof Element ? event.target : document;
  reveal(target);
  if (target === dialog && !dialog.open) {
    dialog.showModal();
  }
});

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
  const words = new DOMParser()
    .parseFromString(xhr.responseText, "text/html")
    .querySelector("p")?.textContent;
  say(words ?? `The server answered ${xhr.status}: reload the page and try again.`, "problem");
});

document.addEventListener("htmx:sendError", () => {
  say("The server cannot be reached: check that it runs, and try again.", "problem");
});

addEventListener("resize", showCurrentTab);

reveal(document);
showCurrentTab();
