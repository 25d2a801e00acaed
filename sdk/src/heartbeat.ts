/** How often the server is asked whether it is there, in milliseconds. */
const ASK_MS = 2000;

/** How long it may say nothing after it was asked, in milliseconds. Source: docs/wire-extension.md. */
const PATIENCE_MS = 5000;

export interface Heartbeat {
  /** The server has said something. */
  heard(): void;
  stop(): void;
}

/**
 * Asks the server again and again whether it is there.
 *
 * The wait counts from the first question that nobody has answered, not from the last answer: browsers hold the
 * timers of hidden pages back for up to a minute, and that says nothing about the server.
 *
 * @param now Milliseconds that only rise.
 * @param ask Sends a question.
 * @param lost Told once, when there is no answer.
 */
export function startHeartbeat(now: () => number, ask: () => void, lost: () => void): Heartbeat {
  let askedAt: number | undefined;
  let nextAt = now() + ASK_MS;
  // Looks oftener than it asks, so that a server is given up when the time is over and not a question later.
  const timer = setInterval(() => {
    const at = now();
    if (askedAt !== undefined && at - askedAt >= PATIENCE_MS) {
      clearInterval(timer);
      lost();
    } else if (at >= nextAt) {
      nextAt = at + ASK_MS;
      askedAt ??= at;
      ask();
    }
  }, ASK_MS / 4);
  return {
    heard: () => {
      askedAt = undefined;
    },
    stop: () => clearInterval(timer),
  };
}
