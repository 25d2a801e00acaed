/** Elements, made by hand: no HTML is parsed, so no policy of a page is in the way. */

type Child = Node | string;

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Sets a text where it differs: what did not change is not read aloud again. */
export function write(target: Node, text: string): void {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/** Sets an attribute where it differs; undefined takes it away. */
export function mark(target: Element, name: string, value: string | undefined): void {
  if (value === undefined) {
    target.removeAttribute(name);
  } else if (target.getAttribute(name) !== value) {
    target.setAttribute(name, value);
  }
}
