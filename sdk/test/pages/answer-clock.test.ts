import { expect, test } from "vitest";
import { AnswerClock } from "../../pages/answer-clock.js";

const LOUD = 0.1;
const QUIET = 0;

/** From the last loud microphone level to the first audible sample, in the time of the page. */
test("a spoken turn is measured from its last sound to the first of the answer", () => {
  const clock = new AnswerClock();
  clock.look(LOUD, QUIET, 1000);
  clock.look(LOUD, QUIET, 1500);
  clock.look(QUIET, QUIET, 1516);
  clock.turnTaken();

  expect(clock.look(QUIET, QUIET, 2100)).toBeUndefined();
  expect(clock.look(QUIET, LOUD, 2300)).toEqual({ afterMs: 800, to: "speech" });
  expect(clock.look(QUIET, LOUD, 2316)).toBeUndefined();
});

/** A typed turn is measured from the moment it was sent. */
test("a typed turn is measured from its sending", () => {
  const clock = new AnswerClock();
  clock.textSent(1000);

  expect(clock.look(QUIET, LOUD, 1400)).toEqual({ afterMs: 400, to: "text" });
});

/** The greeting answers nothing. */
test("a greeting is not an answer", () => {
  const clock = new AnswerClock();

  expect(clock.look(QUIET, LOUD, 1000)).toBeUndefined();
});

/** Sounds while the agent speaks are no turn until the server takes them as one. */
test("speech that the server did not take is not measured", () => {
  const clock = new AnswerClock();
  clock.look(LOUD, LOUD, 1000);

  expect(clock.look(QUIET, LOUD, 1100)).toBeUndefined();
});

/** The echo of a typed turn comes as a transcript too; it does not move the start. */
test("the transcript of a typed turn does not restart the clock", () => {
  const clock = new AnswerClock();
  clock.look(LOUD, QUIET, 500);
  clock.textSent(1000);
  clock.turnTaken();

  expect(clock.look(QUIET, LOUD, 1400)).toEqual({ afterMs: 400, to: "text" });
});
