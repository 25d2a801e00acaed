import { PROPERTY_NAMES, VivavoceWidget } from "./element.js";
import type { WidgetEvents } from "./events.js";
import { attributeOf } from "./settings.js";

/** Properties whose attribute HTML itself reflects. */
const NATIVE = ["title", "lang", "dir", "hidden"];

for (const name of PROPERTY_NAMES.filter((one) => !NATIVE.includes(one))) {
  const attribute = attributeOf(name);
  Object.defineProperty(VivavoceWidget.prototype, name, {
    configurable: true,
    get(this: VivavoceWidget) {
      return this.getAttribute(attribute);
    },
    set(this: VivavoceWidget, value: unknown) {
      if (value === null || value === undefined) {
        this.removeAttribute(attribute);
      } else {
        this.setAttribute(attribute, String(value));
      }
    },
  });
}

/** The element's names: our own, and the one of pages that were written for Atoms. */
export const TAG_NAMES = ["vivavoce-widget", "atoms-widget"] as const;

/** Makes the elements known to the page. May be called often, and on a server, where it does nothing. */
export function defineWidgets(): void {
  if (typeof customElements === "undefined") {
    return;
  }
  for (const name of TAG_NAMES) {
    // One class has one name.
    if (!customElements.get(name)) {
      customElements.define(name, class extends VivavoceWidget {});
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "vivavoce-widget": VivavoceWidget;
    "atoms-widget": VivavoceWidget;
  }
  interface GlobalEventHandlersEventMap extends WidgetEvents {}
}
