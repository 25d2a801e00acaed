import { expect, test } from "vitest";
import { tell, type CallEvents } from "../../console/try-events.js";

/** What the events of a call were handed on as. */
function told(...events: Record<string, unknown>[]): unknown[][] {
  const found: unknown[][] = [];
  const listener: CallEvents = {
    timed: (turn) => found.push(["timed", turn.llm_api_ms]),
    toolAsked: (...values) => found.push(["asked", ...values]),
    toolAnswered: (...values) => found.push(["answered", ...values]),
    stumbled: (...values) => found.push(["stumbled", ...values]),
  };
  events.forEach((event) => tell(event, listener));
  return found;
}

test("tools are told with what they were asked and answered", () => {
  const tool = { tool_call_id: "1", function_name: "search" };

  expect(
    told(
      { event_type: "tool_call_start", ...tool, context: { query: "bread" } },
      { event_type: "tool_call_end", ...tool, response: "rye", success: true, error: "", latency_ms: 12 },
      { event_type: "tool_call_error", ...tool, response: "", error: "tool_timeout", latency_ms: 1000 },
    ),
  ).toEqual([
    ["asked", "1", "search", { query: "bread" }],
    ["answered", "1", { response: "rye", error: "", latencyMs: 12 }],
    ["answered", "1", { response: "", error: "tool_timeout", latencyMs: 1000 }],
  ]);
});

test("an engine that stumbled is told, and what the voice socket says itself is not", () => {
  expect(
    told(
      { event_type: "agent_error", metadata: { stage: "tts" }, error: "no voice" },
      { event_type: "agent_error", metadata: { code: "stt_failed" }, error: "said elsewhere" },
    ),
  ).toEqual([["stumbled", "tts", "no voice"]]);
});

test("the stages of a turn are told, and events that nobody knows are not", () => {
  expect(told({ event_type: "turn_latency", llm_api_ms: 310 }, { event_type: "of_tomorrow" })).toEqual([
    ["timed", 310],
  ]);
});
