/**
 * The errors that `connect()` rejects with.
 *
 * Their messages are part of the API of the Atoms SDK; what happened in detail is in `cause`, told apart by
 * `cause.name`:
 *
 * - `"WebSocket connection failed"`: `TypeError` (an option is missing or wrong), `ConnectionClosed` (the
 *   server refused or cannot be reached), `SessionRefused` (the server said why), `TimeoutError`,
 *   `AbortError` (`disconnect()` was called), `WorkletError` (a worklet file could not be loaded),
 *   `NotSupportedError` (the token fixes an audio format that the browser does not have).
 * - `"Microphone access required"`: `NotAllowedError` (denied), `NotFoundError` (no microphone),
 *   `NotReadableError` (in use elsewhere), `OverconstrainedError` (unknown `captureDeviceId`),
 *   `SecurityError` (the page is neither HTTPS nor localhost).
 */

/** The call could not be started, for a reason other than the microphone. */
export function connectionFailed(cause: unknown): Error {
  return new Error("WebSocket connection failed", { cause });
}

/** The microphone could not be opened. */
export function microphoneRequired(cause: unknown): Error {
  return new Error("Microphone access required", { cause });
}

/** An error whose `name` tells a program what happened. */
export function namedError(name: string, message: string, cause?: unknown): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  error.name = name;
  return error;
}
