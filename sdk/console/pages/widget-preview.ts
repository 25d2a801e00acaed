/**
 * Inside the frame of the preview: the real widget, told how to look by the page around it.
 *
 * Two of its questions are answered here. What is stored of the agent's widget must not shine through where a field of
 * the form is empty, so nothing is stored, and everything comes as attributes. And its tokens come from the console:
 * whoever tries the widget here is no visitor, and uses up nobody's minutes.
 */
import "./widget-preview.css";
import { attributeOf, SETTING_NAMES } from "../../src/widget/settings.js";
import type { VivavoceWidget } from "../../src/widget/element.js";
import { ask, type RequestFailed } from "../requests.js";
import type { PreviewMessage } from "../widget-messages.js";

const fetchAsUsual = window.fetch.bind(window);
window.fetch = (input, init) => {
  const address = String(input);
  if (address.includes("/embed/config/")) {
    return Promise.resolve(Response.json({ status: true, data: {} }));
  }
  return address.endsWith("/embed/token") ? token(String(init?.body)) : fetchAsUsual(input, init);
};

async function token(question: string): Promise<Response> {
  const { assistantId, mode } = JSON.parse(question) as { assistantId: string; mode: string };
  try {
    return Response.json(await ask(`/console/agents/${assistantId}/try/token`, { mode }), { status: 201 });
  } catch (error) {
    const { status, message } = error as RequestFailed;
    return Response.json({ status: false, errors: [message] }, { status: status || 503 });
  }
}

// The widget's own script comes after this one.
const widget = (): VivavoceWidget | null => document.querySelector("vivavoce-widget");

function show(settings: Readonly<Record<string, string>>): void {
  const element = widget();
  for (const name of SETTING_NAMES) {
    const value = settings[name];
    if (value === undefined) {
      element?.removeAttribute(attributeOf(name));
    } else {
      element?.setAttribute(attributeOf(name), value);
    }
  }
}

const tell = (message: PreviewMessage): void => window.parent.postMessage(message, location.origin);

window.addEventListener("message", ({ origin, source, data }: MessageEvent<PreviewMessage>) => {
  if (origin !== location.origin || source !== window.parent) {
    return;
  }
  if (data.type === "settings") {
    show(data.settings);
  } else if (data.type === "panel") {
    if (data.open) {
      widget()?.open();
    } else {
      widget()?.close();
    }
  }
});

document.addEventListener("atoms-open", () => tell({ type: "panel", open: true }));
document.addEventListener("atoms-close", () => tell({ type: "panel", open: false }));
window.addEventListener("load", () => tell({ type: "ready" }));
