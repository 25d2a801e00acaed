import type { AtomsAgentEvents, EventName } from "./events.js";
import type { ServerMessage } from "./protocol.js";

/** An event and what its handlers get. */
export type Notice = { [Name in EventName]: [name: Name, ...args: AtomsAgentEvents[Name]] }[EventName];

/** Messages that are events under their own names. */
const TOLD = new Set<string>([
  "hold",
  "release",
  "transcript",
  "user_started_speaking",
  "user_stopped_speaking",
  "tool_started",
  "tool_ended",
  "turn_metrics",
] satisfies (ServerMessage["type"] & EventName)[]);

/** The same, and their handlers get nothing. */
const BARE = new Set<string>([
  "interruption",
  "agent_start_talking",
  "agent_stop_talking",
] satisfies (ServerMessage["type"] & EventName)[]);

/** Messages whose events have other names. */
const RENAMED: Readonly<Record<string, EventName>> = {
  "transcript.delta": "transcript_delta",
  "session.updated": "tools_declared",
};

/** What the page is told of a message; undefined for those that are for the SDK. */
export function noticeOf({ type, seq, ...event }: ServerMessage): Notice | undefined {
  if (BARE.has(type)) {
    return [type] as unknown as Notice;
  }
  const name = TOLD.has(type) ? type : RENAMED[type];
  // The fields of these messages are those of the events.
  return name && ([name, event] as unknown as Notice);
}
