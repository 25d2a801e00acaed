/** How long to wait before the tries to reach a lost server, in milliseconds: the first is made at once. */
const DELAYS_MS = [0, 250, 500, 1000, 2000, 3000];

/** A quarter more or less, so that the clients of a server that was restarted do not come back in step. */
const JITTER = 0.25;

/**
 * The wait before a try, in milliseconds.
 *
 * @param attempt From 1.
 * @param random From 0 to 1.
 */
export const backoffMs = (attempt: number, random: number): number => {
  const base = DELAYS_MS[Math.min(attempt, DELAYS_MS.length) - 1] ?? 0;
  return Math.round(base * (1 - JITTER + 2 * JITTER * random));
};
