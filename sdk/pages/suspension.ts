import type { AtomsAgentEvents } from "@vivavoce/agent-sdk";

/** A pause that is shorter is none, in milliseconds: the output is suspended while it is being opened, too. */
const LEAST_MS = 400;

/**
 * Follows whether the browser holds the agent's voice back until the next gesture.
 *
 * @param show Told of every change.
 * @returns Takes the events `playback` of a call; undefined at its end.
 */
export function suspension(
  show: (isSuspended: boolean) => void,
): (playback: AtomsAgentEvents["playback"][0] | undefined) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (playback) => {
    if (playback?.state === "suspended") {
      timer ??= setTimeout(() => show(true), LEAST_MS);
    } else if (timer !== undefined) {
      clearTimeout(timer);
      timer = undefined;
      show(false);
    }
  };
}
