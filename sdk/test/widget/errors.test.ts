import { describe, expect, test } from "vitest";
import { connectionFailed, microphoneRequired, namedError } from "../../src/errors.js";
import { codeInCall, codeOf, codeOfEnd, EmbedRefused } from "../../src/widget/errors.js";

describe("the code of a failure", () => {
  /** The browser's names for a refused microphone. */
  test.each([
    ["NotAllowedError", "microphone_denied"],
    ["NotFoundError", "microphone_missing"],
    ["OverconstrainedError", "microphone_missing"],
    ["NotReadableError", "microphone_busy"],
    ["SecurityError", "insecure_page"],
  ])("for a microphone with %s is %s", (name, expected) => {
    expect(codeOf(microphoneRequired(namedError(name, "refused")))).toBe(expected);
  });

  /** The visitor did not deny anything: the frame may not ask. */
  test("tells a frame without permission from a visitor who denied", () => {
    expect(codeOf(microphoneRequired(namedError("NotAllowedError", "refused")), false)).toBe(
      "microphone_blocked",
    );
  });

  /** The server's words for pages that get no token. */
  test.each([
    ["host_not_allowed", "host_not_allowed"],
    ["origin_missing", "host_not_allowed"],
    ["agent_not_found", "agent_not_found"],
    ["agent_busy", "agent_busy"],
    ["visitor_busy", "visitor_busy"],
    ["agent_minutes_used", "minutes_used"],
    ["visitor_minutes_used", "minutes_used"],
    ["too_many_requests", "too_many_requests"],
    ["draining", "unavailable"],
    ["500", "server"],
  ])("for the refusal %s is %s", (code, expected) => {
    const refusal = new EmbedRefused(code, "a sentence");

    expect(codeOf(refusal)).toBe(expected);
    expect(codeOf(connectionFailed(refusal))).toBe(expected);
  });

  /** What the SDK's connect() rejects with. */
  test.each([
    ["ConnectionClosed", "network"],
    ["TimeoutError", "network"],
    ["TypeError", "network"],
    ["SessionRefused", "unavailable"],
    ["WorkletError", "server"],
  ])("for a connection with %s is %s", (name, expected) => {
    expect(codeOf(connectionFailed(namedError(name, "failed")))).toBe(expected);
  });

  test("for anything else is the server's", () => {
    expect(codeOf("nonsense")).toBe("server");
  });

  /** In a running call. */
  test.each([
    ["microphone_lost", "microphone_lost"],
    ["playback_device", "output_device"],
    ["tool_timeout", "server"],
    ["resume_failed", "network"],
    ["echo", undefined],
  ])("for the event %s is %s", (code, expected) => {
    expect(codeInCall(code)).toBe(expected);
  });

  /** An end that somebody wanted is no failure. */
  test.each([
    ["client_requested", undefined],
    ["ended", undefined],
    ["timeout", undefined],
    ["1000", undefined],
    ["1006", "network"],
    ["resume_failed", "network"],
    ["server_error", "server"],
    ["4000", "server"],
  ])("for the end %s is %s", (reason, expected) => {
    expect(codeOfEnd(reason)).toBe(expected);
  });
});
