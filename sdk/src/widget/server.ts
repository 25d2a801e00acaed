/** What the widget asks of our server before a conversation: how it looks, and a token for one call. */
import { parseUrl } from "../address.js";
import { EmbedRefused } from "./errors.js";
import type { ConversationKind } from "./states.js";

/** How long the server may take to answer, in milliseconds. */
const CONFIG_MS = 4000;
const TOKEN_MS = 10_000;

export type Config = Readonly<Record<string, unknown>>;

// The paths under which the script is served, and pages written for another host find it.
const SCRIPT_PATH = /\/(?:sdk\/widget\.js|npm\/.*)$/;

/**
 * The server that a script came from, without a slash at the end.
 *
 * @returns undefined for a script that is not one of a server of ours (a bundle of the page's own).
 */
export function serverOf(scriptUrl: string | undefined): string | undefined {
  const url = scriptUrl === undefined ? undefined : parseUrl(scriptUrl);
  if (!url) {
    return undefined;
  }
  const { protocol, origin, pathname } = url;
  return /^https?:$/.test(protocol) && SCRIPT_PATH.test(pathname)
    ? origin + pathname.replace(SCRIPT_PATH, "")
    : undefined;
}

/** How the agent's widget looks. Rejects with `EmbedRefused`, or with what `fetch()` throws. */
export async function fetchConfig(server: string, assistantId: string, signal: AbortSignal): Promise<Config> {
  const path = `${server}/embed/config/${encodeURIComponent(assistantId)}`;
  const body = await ask(path, CONFIG_MS, { signal });
  const { data } = body as { data?: unknown };
  return typeof data === "object" && data !== null ? (data as Config) : {};
}

/** A token for one conversation, bound to this page's origin. Rejects as `fetchConfig()` does. */
export async function fetchToken(
  server: string,
  assistantId: string,
  mode: ConversationKind,
  signal: AbortSignal,
): Promise<string> {
  const body = await ask(`${server}/embed/token`, TOKEN_MS, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ assistantId, mode }),
    signal,
  });
  const { access_token } = body as { access_token?: unknown };
  if (typeof access_token !== "string") {
    throw new EmbedRefused("server_error", "the server gave no token");
  }
  return access_token;
}

async function ask(
  url: string,
  limitMs: number,
  init: RequestInit & { signal: AbortSignal },
): Promise<unknown> {
  const limit = AbortSignal.timeout(limitMs);
  // AbortSignal.any() is younger than the browsers that we serve.
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  const signals = [init.signal, limit];
  for (const signal of signals) {
    signal.addEventListener("abort", abort);
  }
  try {
    // The page's cookies are none of our business; its origin says who asks.
    const response = await fetch(url, {
      ...init,
      signal: stop.signal,
      credentials: "omit",
      cache: "no-store",
    });
    const body: unknown = await response.json().catch(() => ({}));
    if (!response.ok) {
      const { code, errors } = body as { code?: unknown; errors?: unknown };
      const said = Array.isArray(errors) ? String(errors[0]) : `status ${response.status}`;
      throw new EmbedRefused(typeof code === "string" ? code : String(response.status), said);
    }
    return typeof body === "object" && body !== null ? body : {};
  } catch (error) {
    if (limit.aborted) {
      throw new DOMException(`${url} did not answer within ${limitMs / 1000} s`, "TimeoutError");
    }
    throw error;
  } finally {
    for (const signal of signals) {
      signal.removeEventListener("abort", abort);
    }
  }
}

/** What the page's owner reads in the browser's console. */
export const ownerAdvice = (host: string, assistantId: string, server: string): string =>
  `Vivavoce: the agent ${assistantId} may not be embedded on "${host}". ` +
  `Add ${host} to the agent's allowed hosts in the console of ${server}, on the agent's page "Widget".`;
