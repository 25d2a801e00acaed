/** The settings of an agent: asks before unsaved changes are left, and shows which section one is in. */
import { watchChanges } from "../changes.js";
import "./agents.css";

const form = document.querySelector<HTMLFormElement>("form[data-settings]");
if (form) {
  const says = form.querySelector<HTMLElement>("[data-unsaved-says]");
  watchChanges(form, {
    unsaved: form.dataset["unsaved"] !== undefined,
    told: (changed) => says?.toggleAttribute("hidden", !changed),
  });
  followSections();
}

/** Marks the section that is on the screen. */
function followSections(): void {
  const links = new Map(
    [...document.querySelectorAll<HTMLAnchorElement>(".sections a")].map((link) => [
      link.hash.slice(1),
      link,
    ]),
  );
  const sections = [...links.keys()].flatMap((id) => document.getElementById(id) ?? []);
  const mark = (): void => {
    const line = innerHeight / 3;
    const current =
      sections.filter((section) => section.getBoundingClientRect().top <= line).at(-1) ?? sections[0];
    for (const [id, link] of links) {
      if (id === current?.id) {
        link.setAttribute("aria-current", "true");
      } else {
        link.removeAttribute("aria-current");
      }
    }
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
}
