/** The script that a page loads: makes the elements known, and puts one into the page where its tag asks for it. */
import { defineWidgets } from "./define.js";
import { attributesOf } from "./script-tag.js";

const script = document.currentScript;
defineWidgets();

const attributes = script instanceof HTMLScriptElement ? attributesOf(script.dataset) : undefined;
if (attributes) {
  const put = (): void => {
    const element = document.createElement("vivavoce-widget");
    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, value);
    }
    document.body.append(element);
  };
  if (document.body) {
    put();
  } else {
    document.addEventListener("DOMContentLoaded", put, { once: true });
  }
}
