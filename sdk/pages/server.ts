/** What the talk page asks its server, and what it says when something fails. */

export interface Agent {
  readonly id: string;
  readonly name: string;
}

export type AgentList =
  | { readonly kind: "open"; readonly agents: readonly Agent[]; readonly brain: string }
  /** The page must bring its own key. */
  | { readonly kind: "locked" }
  | { readonly kind: "unreachable" };

type Fetch = typeof fetch;

/** The server answered a request of the page with a status that is not success. */
export class ServerRefused extends Error {
  override readonly name = "ServerRefused";

  constructor(readonly status: number) {
    super(`the server answered with status ${status}`);
  }
}

/** The agents that visitors of this page may talk to. */
export async function listAgents(fetch: Fetch): Promise<AgentList> {
  let response;
  try {
    response = await fetch("page/agents");
  } catch {
    return { kind: "unreachable" };
  }
  if (response.status === 401 || response.status === 403) {
    return { kind: "locked" };
  }
  if (!response.ok) {
    return { kind: "unreachable" };
  }
  const { agents, brain } = (await response.json()) as { agents: Agent[]; brain: string };
  return { kind: "open", agents, brain };
}

/**
 * A token for one call with the agent.
 *
 * Rejects with `ServerRefused`, or with the `TypeError` of `fetch` when there is no server.
 */
export async function mintToken(fetch: Fetch, agentId: string): Promise<string> {
  const response = await fetch("page/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ agent_id: agentId }),
  });
  if (!response.ok) {
    throw new ServerRefused(response.status);
  }
  return ((await response.json()) as { access_token: string }).access_token;
}

/** What a REST request with the same key and agent answers: a socket cannot tell why it was refused. */
export async function askWhy(fetch: Fetch, key: string, agentId: string): Promise<Error | undefined> {
  try {
    const path = `atoms/v1/agent/${encodeURIComponent(agentId)}`;
    const response = await fetch(path, { headers: { Authorization: `Bearer ${key}` } });
    return response.ok ? undefined : new ServerRefused(response.status);
  } catch (error) {
    return error as Error;
  }
}

const MICROPHONE: Readonly<Record<string, string>> = {
  NotAllowedError:
    "The microphone is blocked. Allow it in the address bar of your browser, then press Talk again.",
  NotFoundError: "No microphone was found. Connect one, then press Talk again.",
  NotReadableError: "The microphone is in use by another program. Close it there, then press Talk again.",
  SecurityError: "Browsers give the microphone only to pages on https or localhost. Open this page there.",
};

const STATUS: Readonly<Record<number, string>> = {
  400: "The server does not know this agent. Check the agent id.",
  401: "The key was not accepted. Check it, or make a new one with “vivavoce keys create”.",
  403: "This key may not use this agent.",
  404: "The server does not know this agent. Check the agent id.",
  429: "The server has too many requests from here. Wait a moment, then press Talk again.",
  503: "The server is busy or is being restarted. Wait a moment, then press Talk again.",
};

/** One sentence for the visitor about an error of `connect()` or of this file. */
export function explain(error: unknown): string {
  if (error instanceof ServerRefused) {
    return STATUS[error.status] ?? `The server could not start the call (status ${error.status}).`;
  }
  const { message, cause } = error as Error;
  const name = cause instanceof Error || cause instanceof DOMException ? cause.name : "";
  if (message === "Microphone access required") {
    return MICROPHONE[name] ?? `The microphone could not be opened (${name}).`;
  }
  switch (name) {
    case "TimeoutError":
      return "The server did not answer in time. Press Talk to try again.";
    case "SessionRefused":
    case "WorkletError":
      return `The call could not be started: ${(cause as Error).message}.`;
    default:
      return "The server cannot be reached. Check that it runs and that you are online, then press Talk again.";
  }
}

const REASONS: Readonly<Record<string, string>> = {
  client_requested: "You ended the call",
  ended: "The agent ended the call",
  timeout: "The call reached its time limit",
  server_error: "The call ended because of an error in the server",
  "1000": "The call has ended",
  "1001": "The server is shutting down",
  "1005": "The call has ended",
  "1006": "The connection was lost",
  resume_failed: "The connection was lost for too long",
  websocket_closed: "The connection was lost for too long",
};

/** The end of a call in words. */
export function explainEnd(reason: string): string {
  return REASONS[reason] ?? `The call has ended (${reason})`;
}
