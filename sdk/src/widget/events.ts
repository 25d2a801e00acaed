/** What the element tells the page: events that bubble and leave the shadow tree, with this as their `detail`. */
import type { AtomsAgentEvents, EventName } from "../events.js";
import type { WidgetErrorCode } from "./errors.js";
import type { WidgetState } from "./states.js";

export interface WidgetError {
  readonly code: WidgetErrorCode;
  /** What the visitor reads, in his language. */
  readonly message: string;
  /** The word of the server, the SDK or the browser. */
  readonly reason: string;
  /** There is no conversation any more. */
  readonly fatal: boolean;
}

/** The SDK's events that the page is told of: not those that come many times a second, nor errors, which have a sentence. */
export const FORWARDED = [
  "session_started",
  "session_ended",
  "agent_start_talking",
  "agent_stop_talking",
  "transcript",
  "transcript_delta",
  "interruption",
  "function_call",
  "tools_declared",
  "tools_refused",
  "reconnecting",
  "reconnected",
  "caption",
  "hold",
  "release",
  "user_started_speaking",
  "user_stopped_speaking",
  "tool_started",
  "tool_ended",
  "turn_metrics",
  "device_changed",
] as const satisfies readonly EventName[];

export type ForwardedEvent = (typeof FORWARDED)[number];

/** Under their own names with the prefix `atoms-`. */
type SdkEvents = {
  readonly [Name in ForwardedEvent as `atoms-${Name}`]: CustomEvent<AtomsAgentEvents[Name][0]>;
};

export interface WidgetEvents extends SdkEvents {
  readonly "atoms-error": CustomEvent<WidgetError>;
  readonly "atoms-state": CustomEvent<{ readonly state: WidgetState }>;
  readonly "atoms-open": CustomEvent<undefined>;
  readonly "atoms-close": CustomEvent<undefined>;
}
