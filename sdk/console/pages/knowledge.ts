/** What an agent knows: asks before a piece that was changed is left. */
import { watchChanges } from "../changes.js";
import "./knowledge.css";

const form = document.querySelector<HTMLFormElement>("form[data-watched]");
if (form) {
  watchChanges(form, { unsaved: form.querySelector(".wrong") !== null });
}
