import { describe, expect, test } from "vitest";
import {
  after,
  IDLE,
  isRunning,
  stateOf,
  type Happening,
  type WidgetState,
} from "../../src/widget/states.js";

const through = (...happenings: Happening[]) => happenings.reduce(after, IDLE);

const ASKED: Happening = { type: "asked", kind: "webcall" };
const CONNECTED: Happening = { type: "connected" };
const SAID: Happening = { type: "user_said" };
const STARTED: Happening = { type: "agent_start_talking" };
const STOPPED: Happening = { type: "agent_stop_talking" };
const LOST: Happening = { type: "reconnecting" };
const BACK: Happening = { type: "reconnected" };
const MUTED: Happening = { type: "muted", muted: true };

describe("the state of a conversation", () => {
  /** Each happening leads to what the visitor should know. */
  test.each<[WidgetState, Happening[]]>([
    ["idle", []],
    ["connecting", [ASKED]],
    ["listening", [ASKED, CONNECTED]],
    ["thinking", [ASKED, CONNECTED, SAID]],
    ["speaking", [ASKED, CONNECTED, SAID, STARTED]],
    ["listening", [ASKED, CONNECTED, SAID, STARTED, STOPPED]],
    ["muted", [ASKED, CONNECTED, MUTED]],
    ["speaking", [ASKED, CONNECTED, MUTED, STARTED]],
    ["reconnecting", [ASKED, CONNECTED, STARTED, LOST]],
    ["speaking", [ASKED, CONNECTED, STARTED, LOST, BACK]],
    ["ended", [ASKED, CONNECTED, LOST, { type: "ended" }]],
    ["error", [ASKED, { type: "failed", code: "network" }]],
    ["ended", [ASKED, CONNECTED, { type: "ended" }]],
    ["connecting", [ASKED, { type: "failed", code: "network" }, ASKED]],
    ["idle", [ASKED, { type: "failed", code: "network" }, { type: "cleared" }]],
  ])("is %s after %j", (expected, happenings) => {
    expect(stateOf(through(...happenings), false)).toBe(expected);
  });

  /** Nobody is asked for consent in the middle of a conversation. */
  test("asks for consent only before the first conversation", () => {
    expect(stateOf(IDLE, true)).toBe("consent");
    expect(stateOf(through(ASKED), true)).toBe("connecting");
  });

  /** Something that does not work is shown beside what goes on. */
  test("keeps a problem of a running conversation until its end", () => {
    const troubled = through(ASKED, CONNECTED, SAID, { type: "problem", code: "microphone_lost" });

    expect([stateOf(troubled, false), troubled.error]).toEqual(["listening", "microphone_lost"]);
    expect(after(troubled, { type: "ended" }).error).toBeUndefined();
  });

  /** A greeting may begin before the microphone is ready; it is not forgotten. */
  test("remembers a greeting that began while connecting", () => {
    expect(stateOf(through(ASKED, STARTED, CONNECTED), false)).toBe("speaking");
  });

  test("runs from the wish to the end", () => {
    expect(
      [[], [ASKED], [ASKED, CONNECTED], [ASKED, { type: "ended" } as const]].map((all) =>
        isRunning(through(...all)),
      ),
    ).toEqual([false, true, true, false]);
  });
});
