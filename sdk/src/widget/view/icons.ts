/** The widget's own drawings, on a grid of 24 by 24, as strokes in the colour of the text. */

const NS = "http://www.w3.org/2000/svg";

const DRAWINGS = {
  chat: [
    "M5 5h14a1.6 1.6 0 0 1 1.6 1.6v8.8A1.6 1.6 0 0 1 19 17h-7l-4.6 3.4V17H5a1.6 1.6 0 0 1-1.6-1.6V6.600A1.6 1.6 0 0 1 5 5z",
    "M8 11h.01M12 11h.01M16 11h.01",
  ],
  voice: ["M4 10.500v3M8 7.500v9M12 4.500v15M16 7.500v9M20 10.500v3"],
  microphone: [
    "M12 3.500a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3z",
    "M6 11.500a6 6 0 0 0 12 0M12 17.500v3",
  ],
  muted: [
    "M9 9v2.500a3 3 0 0 0 4.800 2.400M15 11V6.500a3 3 0 0 0-5.700-1.300",
    "M6 11.500a6 6 0 0 0 9.500 4.900M17.600 13.500a6 6 0 0 0 .4-2M12 17.500v3",
    "M4 4l16 16",
  ],
  hangUp: [
    "M3.500 14.300c-.5-1.300-.2-2.700.9-3.600 4.400-3.600 10.800-3.600 15.200 0 1.100.9 1.400 2.300.9 3.600-.3.800-1.200 1.200-2 1l-2.300-.6a1.600 1.600 0 0 1-1.200-1.500v-1.500a10 10 0 0 0-6 0v1.500c0 .7-.5 1.300-1.200 1.500l-2.300.6c-.8.200-1.700-.2-2-1z",
  ],
  leave: [
    "M14 5H6.600A1.600 1.600 0 0 0 5 6.600v10.800A1.600 1.600 0 0 0 6.600 19H14",
    "M10 12h10M16.500 8.500L20 12l-3.500 3.500",
  ],
  close: ["M6 6l12 12M18 6L6 18"],
  send: ["M12 19.500v-15M5.500 11L12 4.500l6.500 6.500"],
  devices: [
    "M4 7h9M17 7h3M4 17h3M11 17h9",
    "M15 4.900a2.100 2.100 0 1 1 0 4.200 2.100 2.100 0 0 1 0-4.200zM9 14.900a2.100 2.100 0 1 1 0 4.200 2.100 2.100 0 0 1 0-4.200z",
  ],
  alert: ["M12 4.200L21 19.500H3z", "M12 10.500v4M12 17h.01"],
} as const;

export type IconName = keyof typeof DRAWINGS;

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(NS, "svg");
  const attributes = {
    viewBox: "0 0 24 24",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "1.9",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
    focusable: "false",
    class: "icon",
  };
  for (const [key, value] of Object.entries(attributes)) {
    svg.setAttribute(key, value);
  }
  for (const line of DRAWINGS[name]) {
    const path = document.createElementNS(NS, "path");
    path.setAttribute("d", line);
    svg.append(path);
  }
  return svg;
}

/** Puts another drawing into a place that holds one. */
export function redraw(place: Element, name: IconName): void {
  if (place.getAttribute("data-icon") !== name) {
    place.setAttribute("data-icon", name);
    place.querySelector("svg")?.remove();
    place.prepend(icon(name));
  }
}
