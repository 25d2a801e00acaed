/** What has been said and written, as a list of lines that events settle one by one. Pure. */

export type Speaker = "user" | "agent";

export interface Line {
  readonly speaker: Speaker;
  readonly text: string;
  /** The text will not change any more. */
  readonly settled: boolean;
  /** The visitor spoke over it. */
  readonly interrupted: boolean;
  /** Written by the visitor, and not yet taken by the server. */
  readonly pending: boolean;
}

export type Lines = readonly Line[];

/** A page that stays open for days must not grow without end. */
const MOST_LINES = 400;

/** Everyone but the user is the agent, by whichever word the server calls it. */
export const speakerOf = (role: string): Speaker => (role === "user" ? "user" : "agent");

/** After news of a speaker's running turn; `text` is the whole turn so far. */
export function withText(lines: Lines, speaker: Speaker, text: string, settled: boolean): Lines {
  const written =
    speaker === "user" ? lines.find((line) => line.pending && line.text === text.trim()) : undefined;
  const open =
    written ?? lines.filter((line) => line.speaker === speaker && !line.settled && !line.pending).at(-1);
  if (open) {
    return replaced(lines, open, { text, settled, pending: false });
  }
  const line: Line = { speaker, text, settled, interrupted: false, pending: false };
  return text.trim() === "" ? lines : inserted(lines, line);
}

/** After the visitor wrote something. */
export function withTyped(lines: Lines, text: string): Lines {
  return bounded([...lines, { speaker: "user", text, settled: true, interrupted: false, pending: true }]);
}

/** After the visitor spoke over the agent. */
export function withInterruption(lines: Lines): Lines {
  const open = lines.filter((line) => line.speaker === "agent" && !line.settled).at(-1);
  return open ? replaced(lines, open, { interrupted: true }) : lines;
}

/** After the end of the agent's turn, or of everything: nothing is open any more. */
export const withTurnsEnded = (lines: Lines): Lines =>
  lines.some((line) => !line.settled) ? lines.map((line) => ({ ...line, settled: true })) : lines;

/** The server answers what it has taken: its lines come before those that it does not know yet. */
function inserted(lines: Lines, line: Line): Lines {
  const firstPending = lines.findIndex(({ pending }) => pending);
  const at = firstPending === -1 ? lines.length : firstPending;
  return bounded([...lines.slice(0, at), line, ...lines.slice(at)]);
}

const replaced = (lines: Lines, old: Line, change: Partial<Line>): Lines =>
  lines.map((line) => (line === old ? { ...line, ...change } : line));

const bounded = (lines: Lines): Lines => lines.slice(-MOST_LINES);
