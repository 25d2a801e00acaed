/** What has been said in a call, as it is shown: a list of captions that events settle one by one. */

export type Speaker = "user" | "agent";

export interface Caption {
  readonly speaker: Speaker;
  readonly text: string;
  /** The word at its end that is being heard now; may be empty. */
  readonly fresh: string;
  /** The text will not change any more. */
  readonly settled: boolean;
  /** The visitor spoke over it. */
  readonly interrupted: boolean;
}

/** Everyone but the user is the agent, by whichever word the server calls it. */
export const speakerOf = (role: string): Speaker => (role === "user" ? "user" : "agent");

/**
 * `captions` after news of a speaker's running turn.
 *
 * @param text The whole turn so far.
 * @param fresh The word at its end that is being heard now.
 */
export function withText(
  captions: readonly Caption[],
  speaker: Speaker,
  text: string,
  settled: boolean,
  fresh = "",
): readonly Caption[] {
  if (openCaption(captions, speaker)) {
    return changed(captions, speaker, { text, settled, fresh });
  }
  return text === "" ? captions : [...captions, { speaker, text, settled, fresh, interrupted: false }];
}

/** `captions` after the visitor spoke over the agent. */
export function withInterruption(captions: readonly Caption[]): readonly Caption[] {
  return changed(captions, "agent", { interrupted: true, fresh: "" });
}

/** `captions` after the agent's turn: a text that the server never settled is settled as it stands. */
export function withTurnEnded(captions: readonly Caption[]): readonly Caption[] {
  return changed(captions, "agent", { settled: true, fresh: "" });
}

/** The caption of the speaker's running turn. */
function openCaption(captions: readonly Caption[], speaker: Speaker): Caption | undefined {
  return captions.filter((caption) => caption.speaker === speaker && !caption.settled).at(-1);
}

function changed(
  captions: readonly Caption[],
  speaker: Speaker,
  change: Partial<Caption>,
): readonly Caption[] {
  const open = openCaption(captions, speaker);
  return captions.map((caption) => (caption === open ? { ...caption, ...change } : caption));
}
