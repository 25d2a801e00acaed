import { expect, test } from "vitest";
import { backoffMs } from "../src/backoff.js";

/** Most losses are over at once; long ones must not keep a server busy. */
test("the first try is made at once, and the later ones ever more seldom", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 20].map((attempt) => backoffMs(attempt, 0.5))).toEqual([
    0, 250, 500, 1000, 2000, 3000, 3000, 3000,
  ]);
});

/** The clients of a server that was restarted must not come back in step. */
test("the waits differ by a quarter", () => {
  expect([backoffMs(4, 0), backoffMs(4, 1)]).toEqual([750, 1250]);
});
