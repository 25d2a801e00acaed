/** What can keep a visitor from talking, as one closed list, and how every failure finds its place in it. */

/** Each has a sentence of its own, in every language, that says what to do. */
export const WIDGET_ERROR_CODES = [
  "microphone_denied",
  "microphone_missing",
  "microphone_busy",
  "microphone_blocked",
  "microphone_lost",
  "insecure_page",
  "host_not_allowed",
  "agent_not_found",
  "agent_busy",
  "visitor_busy",
  "minutes_used",
  "too_many_requests",
  "unavailable",
  "output_device",
  "network",
  "server",
] as const;

export type WidgetErrorCode = (typeof WIDGET_ERROR_CODES)[number];

/** The server will not open a conversation; `code` is its own word. */
export class EmbedRefused extends Error {
  override readonly name = "EmbedRefused";

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const REFUSALS: Readonly<Record<string, WidgetErrorCode>> = {
  host_not_allowed: "host_not_allowed",
  origin_missing: "host_not_allowed",
  agent_not_found: "agent_not_found",
  agent_busy: "agent_busy",
  visitor_busy: "visitor_busy",
  agent_minutes_used: "minutes_used",
  visitor_minutes_used: "minutes_used",
  too_many_requests: "too_many_requests",
  draining: "unavailable",
};

// Names that browsers give to a refused microphone. Source: Media Capture and Streams, getUserMedia().
const MICROPHONE: Readonly<Record<string, WidgetErrorCode>> = {
  NotAllowedError: "microphone_denied",
  NotFoundError: "microphone_missing",
  OverconstrainedError: "microphone_missing",
  NotReadableError: "microphone_busy",
  AbortError: "microphone_busy",
  SecurityError: "insecure_page",
};

const CONNECTION: Readonly<Record<string, WidgetErrorCode>> = {
  ConnectionClosed: "network",
  TimeoutError: "network",
  // What fetch() throws when the server cannot be reached, or the page's policy forbids it.
  TypeError: "network",
  SessionRefused: "unavailable",
  SecurityError: "insecure_page",
};

/**
 * The code for what `connect()` or a request rejected with.
 *
 * @param microphoneAllowed Whether the page's own policy lets it use a microphone at all.
 */
export function codeOf(error: unknown, microphoneAllowed = true): WidgetErrorCode {
  const { message, cause } = error instanceof Error ? error : { message: "", cause: undefined };
  const inner = cause ?? error;
  const name = inner instanceof Error || inner instanceof DOMException ? inner.name : "";
  if (inner instanceof EmbedRefused) {
    return REFUSALS[inner.code] ?? "server";
  }
  if (message === "Microphone access required") {
    const code = MICROPHONE[name] ?? "microphone_busy";
    return code === "microphone_denied" && !microphoneAllowed ? "microphone_blocked" : code;
  }
  return CONNECTION[name] ?? "server";
}

/** The code for an `error` event of a running call; undefined where the visitor has nothing to do or to fear. */
export function codeInCall(code: string): WidgetErrorCode | undefined {
  switch (code) {
    case "echo":
      return undefined;
    case "resume_failed":
      return "network";
    case "microphone_lost":
      return "microphone_lost";
    case "playback_device":
      return "output_device";
    default:
      return "server";
  }
}

/** The code for a call that broke off; undefined for an end that somebody wanted. */
export function codeOfEnd(reason: string): WidgetErrorCode | undefined {
  if (["1006", "websocket_closed", "resume_failed"].includes(reason)) {
    return "network";
  }
  return reason === "server_error" || /^4\d{3}$/.test(reason) ? "server" : undefined;
}
