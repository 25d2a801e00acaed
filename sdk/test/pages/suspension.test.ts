import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { suspension } from "../../pages/suspension.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const at = (state: "playing" | "suspended" | "idle") => ({ turn: 1, playedS: 0, state });

test("output that stays suspended is shown, and its end too", async () => {
  const shown: boolean[] = [];
  const follow = suspension((isSuspended) => shown.push(isSuspended));
  follow(at("suspended"));
  await vi.advanceTimersByTimeAsync(1000);
  follow(at("suspended"));
  follow(at("playing"));

  expect(shown).toEqual([true, false]);
});

/** A button that flashes is pressed by nobody. */
test("output that is suspended for a moment is not shown", async () => {
  const shown: boolean[] = [];
  const follow = suspension((isSuspended) => shown.push(isSuspended));
  follow(at("suspended"));
  follow(at("idle"));
  await vi.advanceTimersByTimeAsync(1000);

  expect(shown).not.toContain(true);
});

test("the end of a call ends it", async () => {
  const shown: boolean[] = [];
  const follow = suspension((isSuspended) => shown.push(isSuspended));
  follow(at("suspended"));
  await vi.advanceTimersByTimeAsync(1000);
  follow(undefined);

  expect(shown).toEqual([true, false]);
});
