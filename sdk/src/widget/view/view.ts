import { make, mark } from "./dom.js";
import { launcher } from "./launcher.js";
import { panel } from "./panel.js";
import type { Actions, Scene } from "./scene.js";
import type { Levels } from "./stage.js";
import css from "./widget.css";

export interface View {
  show(scene: Scene): void;
  /** The height that a keyboard on the screen leaves, in pixels, and where it begins. */
  fit(heightPx: number, topPx: number): void;
}

let sheet: CSSStyleSheet | undefined;

/** Builds the widget's elements in a shadow root. A sheet made by script is styled under every policy. */
export function draw(shadow: ShadowRoot, actions: Actions, levels: () => Levels): View {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  shadow.adoptedStyleSheets = [sheet];
  const button = launcher(actions);
  const dialog = panel(actions, levels);
  // The empty title keeps the element's own from popping up over everything.
  const root = make("div", { class: "root", part: "root", title: "" }, button.element, dialog.element);
  shadow.replaceChildren(root);
  // Above everything of the page, whatever transforms, clips or stacks the elements around this one.
  if ("popover" in root) {
    root.popover = "manual";
  }
  let wasOpen = false;
  return {
    show(scene) {
      const { settings, palette } = scene;
      if (root.isConnected && root.popover && !root.matches(":popover-open")) {
        root.showPopover();
      }
      mark(root, "lang", scene.language);
      mark(root, "dir", scene.direction);
      mark(root, "data-mode", settings.mode);
      mark(root, "data-state", scene.state);
      mark(root, "data-position", settings.position);
      mark(root, "data-size", settings.size);
      for (const [name, value] of Object.entries(palette)) {
        root.style.setProperty(name, value);
      }
      root.style.setProperty("--radius", `${settings.borderRadius}px`);
      const hadFocus = dialog.element.contains(shadow.activeElement);
      button.show(scene);
      dialog.show(scene);
      if (scene.isOpen && !wasOpen) {
        dialog.focus();
      } else if (!scene.isOpen && wasOpen && (hadFocus || document.activeElement === document.body)) {
        button.element.focus();
      }
      wasOpen = scene.isOpen;
    },
    fit(heightPx, topPx) {
      root.style.setProperty("--height", `${heightPx}px`);
      root.style.setProperty("--top", `${topPx}px`);
    },
  };
}
