/** Whether a browser knows this colour; a misspelt one must not take the ground from a panel. */
export const isColour = (text: string): boolean => CSS.supports("color", text);

let canvas: CanvasRenderingContext2D | null | undefined;

/** A colour in the canvas' own writing: names and most functions become `#rrggbb`. */
export function plainColour(colour: string): string {
  canvas ??= document.createElement("canvas").getContext("2d");
  if (!canvas) {
    return colour;
  }
  canvas.fillStyle = colour;
  return canvas.fillStyle;
}
