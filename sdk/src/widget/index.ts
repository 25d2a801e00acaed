/** `@vivavoce/widget`: importing it makes the elements known; on a server it does nothing. */
import { defineWidgets } from "./define.js";

export { defineWidgets, TAG_NAMES } from "./define.js";
export { VivavoceWidget } from "./element.js";
export type { WidgetErrorCode } from "./errors.js";
export type { WidgetError, WidgetEvents } from "./events.js";
export type { ConversationKind, WidgetState } from "./states.js";

defineWidgets();
