/** The server's own events of a call, for what the voice socket does not tell: tools, stages, engines that stumble. */
import type { TimedTurn } from "./waterfall.js";

/** How long after the end of a call its last events may take, in milliseconds; the server waits for the recording. */
const LAST_MS = 12_000;

export interface ToolAnswer {
  readonly response: unknown;
  readonly error: string;
  readonly latencyMs: number;
}

export interface CallEvents {
  timed(turn: TimedTurn): void;
  toolAsked(id: string, name: string, context: unknown): void;
  toolAnswered(id: string, answer: ToolAnswer): void;
  stumbled(stage: string, reason: string): void;
}

type Event = Readonly<Record<string, unknown>>;

/**
 * Follows the events of a call to its end.
 *
 * @returns Ends it; with `true` the last events may still come.
 */
export function followCall(callId: string, events: CallEvents): (gently: boolean) => void {
  const stream = new EventSource(`/atoms/v1/events?${new URLSearchParams({ callId })}`);
  stream.onmessage = ({ data }: MessageEvent<string>) => {
    const event = JSON.parse(data) as Event;
    if (event["event_type"] === "sse_close") {
      stream.close();
    } else {
      tell(event, events);
    }
  };
  return (gently) => {
    if (gently) {
      setTimeout(() => stream.close(), LAST_MS);
    } else {
      stream.close();
    }
  };
}

/** Hands an event on; types that are not known are ignored, for there will be more. */
export function tell(event: Event, events: CallEvents): void {
  const id = String(event["tool_call_id"] ?? "");
  switch (event["event_type"]) {
    case "turn_latency":
      events.timed(event as unknown as TimedTurn);
      break;
    case "tool_call_start":
      events.toolAsked(id, String(event["function_name"]), event["context"]);
      break;
    case "tool_call_end":
    case "tool_call_error":
      events.toolAnswered(id, {
        response: event["response"],
        error: String(event["error"] ?? ""),
        latencyMs: Number(event["latency_ms"]),
      });
      break;
    case "agent_error": {
      const { stage } = (event["metadata"] ?? {}) as { stage?: string };
      // Those with a code come over the socket, too.
      if (stage !== undefined) {
        events.stumbled(stage, String(event["error"]));
      }
      break;
    }
  }
}
