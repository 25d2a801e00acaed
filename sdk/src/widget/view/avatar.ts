import { make, mark } from "./dom.js";
import { redraw, type IconName } from "./icons.js";

/** The agent's picture, or a drawing in its place where there is none or it does not load. */
export function avatar(part: string): {
  element: HTMLElement;
  show(url: string | undefined, name: IconName): void;
} {
  const picture = make("img", { alt: "", decoding: "async", referrerpolicy: "no-referrer" });
  const element = make("span", { class: "avatar", part, "aria-hidden": "true" }, picture);
  let failed: string | undefined;
  picture.addEventListener("error", () => {
    failed = picture.getAttribute("src") ?? undefined;
    element.classList.remove("pictured");
  });
  return {
    element,
    show(url, name) {
      const isPictured = url !== undefined && url !== failed;
      element.classList.toggle("pictured", isPictured);
      mark(picture, "src", isPictured ? url : undefined);
      redraw(element, name);
    },
  };
}
