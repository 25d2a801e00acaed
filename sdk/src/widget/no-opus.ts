/** Stands in for `opus.ts` in the widget, which never asks for Opus: the script is smaller without it. */
import type * as Opus from "../opus.js";

export const canOpus: typeof Opus.canOpus = () => Promise.resolve(false);

const none = (): never => {
  throw new Error("the widget has no Opus");
};

export const opusEncoder: typeof Opus.opusEncoder = none;
export const opusDecoder: typeof Opus.opusDecoder = none;
