/** The page of the widget: the preview follows the form, and colours that cannot be read are told. */
import "./widget.css";
import { parseColour } from "../../src/widget/colours.js";
import { isColour, plainColour } from "../../src/widget/view/plain-colour.js";
import { notice } from "../notices.js";
import { contrastWarnings, schemeColours } from "../widget-contrast.js";
import type { PreviewMessage } from "../widget-messages.js";

const form = document.querySelector<HTMLFormElement>("#widget-form")!;
const preview = document.querySelector<HTMLElement>(".preview")!;
const stage = preview.querySelector<HTMLElement>(".stage")!;
const frame = preview.querySelector("iframe")!;
const panelButton = preview.querySelector<HTMLButtonElement>("[data-panel]")!;
const pickers = [...form.querySelectorAll<HTMLInputElement>("input[data-picks]")];

/** What in the form is not for the preview: whose pages may show the widget, and what visitors may use. */
const APART = new Set(["csrf", "allowlist", "publicKey", "consentStorageKey"]);

/** A form that came back with complaints is not saved, whatever is typed from now on. */
let isUnsaved = form.querySelector(".wrong") !== null;

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const control = (name: string): Control => form.elements.namedItem(name) as Control;
const theme = (): string => control("theme").value;

/** The settings of the form, as attributes of the widget; empty fields are left to it. */
function settings(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const element of form.elements) {
    const { name, type, value, checked } = element as HTMLInputElement;
    if (name === "" || APART.has(name)) {
      continue;
    }
    if (type === "checkbox") {
      found[name] = String(checked);
    } else if (value.trim() !== "") {
      found[name] = value.trim();
    }
  }
  // The API takes no other, and a half-typed address would be asked for at every key.
  if (!/^(https?:\/\/.+\..|\/)/.test(found["avatarUrl"] ?? "")) {
    delete found["avatarUrl"];
  }
  return found;
}

/** A colour as `#rrggbb`; undefined for what no browser knows. What shines through is taken as if it did not. */
function colourOf(text: string): string | undefined {
  const parts = isColour(text.trim()) ? parseColour(plainColour(text.trim())) : undefined;
  return parts && `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

function tell(message: PreviewMessage): void {
  frame.contentWindow?.postMessage(message, location.origin);
}

function follow(): void {
  tell({ type: "settings", settings: settings() });
  showPickers();
  showContrast();
}

/** Each picker shows the colour that is typed beside it, or that of the scheme. */
function showPickers(): void {
  const scheme: Readonly<Record<string, string>> = { ...schemeColours(theme()) };
  for (const picker of pickers) {
    const name = picker.dataset["picks"] ?? "";
    const text = control(name) as HTMLInputElement;
    text.placeholder = scheme[name] ?? "";
    picker.value = colourOf(text.value) ?? scheme[name] ?? "#000000";
  }
}

function showContrast(): void {
  const place = document.getElementById("contrast")!;
  const named = pickers.map((picker) => picker.dataset["picks"] ?? "");
  const typed = named
    .map((name) => [name, control(name).value.trim()] as const)
    .filter(([, text]) => text !== "");
  const unknown = typed
    .filter(([, text]) => colourOf(text) === undefined)
    .map(([, text]) => `“${text}” is no colour that browsers know: write it like #0f766e.`);
  const chosen = Object.fromEntries(typed.flatMap(([name, text]) => [[name, colourOf(text) ?? text]]));
  const texts = [...unknown, ...contrastWarnings(theme(), chosen)];
  // Said again only when it is another, for a screen reader reads every change.
  if (texts.join("\n") === place.dataset["said"]) {
    return;
  }
  place.dataset["said"] = texts.join("\n");
  place.replaceChildren(...texts.map((text) => notice(text, "warning")));
}

/** Makes the frame as small as the room for it, without changing what the page in it sees. */
function fit(): void {
  const { offsetWidth: width, offsetHeight: height } = frame;
  const room = stage.parentElement!.clientWidth - 40;
  const scale = Math.min(1, room / width);
  stage.style.width = `${width * scale + 2}px`;
  stage.style.height = `${height * scale + 2}px`;
  stage.style.marginInline = "auto";
  frame.style.transform = scale === 1 ? "" : `scale(${scale})`;
}

function view(kind: string): void {
  stage.dataset["view"] = kind;
  for (const button of preview.querySelectorAll<HTMLElement>("button[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset["view"] === kind));
  }
  fit();
}

function showPanel(open: boolean): void {
  panelButton.setAttribute("aria-pressed", String(open));
  panelButton.textContent = open ? "Close panel" : "Open panel";
}

window.addEventListener("message", ({ origin, source, data }: MessageEvent<PreviewMessage>) => {
  if (origin !== location.origin || source !== frame.contentWindow) {
    return;
  }
  if (data.type === "ready") {
    follow();
  } else if (data.type === "panel") {
    showPanel(data.open);
    // The panel takes the focus when it opens, and the form must have it back.
    if (data.open && document.activeElement === frame) {
      panelButton.focus();
    }
  }
});

form.addEventListener("input", (event) => {
  const picker = event.target as HTMLInputElement;
  const picks = picker.dataset["picks"];
  if (picks !== undefined) {
    control(picks).value = picker.value;
  }
  follow();
  isUnsaved = true;
  const says = document.getElementById("unsaved");
  if (says) {
    says.textContent = "Not saved yet";
  }
});
form.addEventListener("submit", () => (isUnsaved = false));
window.addEventListener("beforeunload", (event) => {
  if (isUnsaved) {
    event.preventDefault();
  }
});
for (const button of preview.querySelectorAll<HTMLElement>("button[data-view]")) {
  button.addEventListener("click", () => view(button.dataset["view"] ?? "desktop"));
}
panelButton.addEventListener("click", () =>
  tell({ type: "panel", open: panelButton.getAttribute("aria-pressed") !== "true" }),
);

for (const picker of pickers) {
  picker.hidden = false;
}
preview.hidden = false;
// A form that came back: to what is wrong with it.
form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
new ResizeObserver(fit).observe(preview);
fit();
follow();
