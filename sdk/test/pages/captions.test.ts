import { expect, test } from "vitest";
import { speakerOf, withInterruption, withText, withTurnEnded, type Caption } from "../../pages/captions.js";

const caption = (speaker: Caption["speaker"], text: string, more: Partial<Caption> = {}): Caption => ({
  speaker,
  text,
  fresh: "",
  settled: true,
  interrupted: false,
  ...more,
});

/** A delta is the whole turn so far: it replaces, and the final text settles it. */
test("a growing text is one caption until it is settled", () => {
  let captions: readonly Caption[] = [];
  captions = withText(captions, "user", "What is", false);
  captions = withText(captions, "user", "What is the", false);
  captions = withText(captions, "user", "What is the price?", true);
  captions = withText(captions, "user", "And", false);

  expect(captions).toEqual([
    caption("user", "What is the price?"),
    caption("user", "And", { settled: false }),
  ]);
});

/** Both may speak at once; each text grows on its own. */
test("the two speakers do not touch each other's captions", () => {
  let captions = withText([], "agent", "It costs", false);
  captions = withText(captions, "user", "Wait", false);
  captions = withText(captions, "agent", "It costs ten", true);

  expect(captions).toEqual([caption("agent", "It costs ten"), caption("user", "Wait", { settled: false })]);
});

/** The agent's text ends where the visitor stopped it, and says so; the next turn is a new one. */
test("an interrupted text is cut and marked", () => {
  let captions = withText([], "agent", "It costs ten euros", false);
  captions = withInterruption(captions);
  captions = withText(captions, "agent", "It costs", true);
  captions = withText(captions, "agent", "Sorry.", true);

  expect(captions).toEqual([caption("agent", "It costs", { interrupted: true }), caption("agent", "Sorry.")]);
});

/** An interruption before anything was heard marks nothing that comes later or came before. */
test("an interruption without a running text marks nothing", () => {
  const before = [caption("agent", "Hello.")];

  expect(withInterruption(before)).toEqual(before);
});

/** Transcripts are sent with best effort: a turn without a final text ends all the same. */
test("the end of the turn settles what the server did not", () => {
  const captions = withTurnEnded(withText([], "agent", "Hello", false));

  expect(captions).toEqual([caption("agent", "Hello")]);
});

/** The word that is being heard is marked until the next one, and none is in the end. */
test("the last word that is heard is marked until the turn is over", () => {
  let captions = withText([], "agent", "Good", false, "Good");
  captions = withText(captions, "agent", "Good morning.", false, "morning.");
  expect(captions[0]).toMatchObject({ text: "Good morning.", fresh: "morning." });

  expect(withTurnEnded(captions)[0]).toMatchObject({ text: "Good morning.", fresh: "" });
  expect(withInterruption(captions)[0]).toMatchObject({ fresh: "", interrupted: true });
});

/** Nothing said is nothing shown. */
test("an empty text makes no caption", () => {
  expect(withText([], "user", "", true)).toEqual([]);
});

/** Servers call the agent by two words. */
test("everyone but the user is the agent", () => {
  expect(["user", "assistant", "agent"].map(speakerOf)).toEqual(["user", "agent", "agent"]);
});
