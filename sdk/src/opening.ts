import { connectUrl, defaultBase, inputOnlyRateHz, socketBase, type CallMode } from "./address.js";
import { canOpus } from "./opus.js";
import type { Platform, SoundOptions } from "./platform.js";
import { DEFAULT_RATE_HZ } from "./protocol.js";

export interface SessionOptions extends Omit<SoundOptions, "serverUrl"> {
  /** The key, or what fetches it. */
  readonly apiKey: string | (() => Promise<string>);
  readonly agentId: string;
  readonly baseUrl: string | undefined;
  /** In Hz. */
  readonly sampleRate: number;
  readonly mode: CallMode;
  /** Whether the extension of the wire is asked for. */
  readonly extension: boolean;
  /** Whether Opus is asked for with it. */
  readonly opus: boolean;
}

/** Where a call is opened. */
export interface Opening {
  /** The socket base of the server. */
  readonly base: string;
  /** The address of the socket, or what finds it out: it may need a key, or an answer of the browser. */
  readonly url: string | (() => Promise<string>);
}

/**
 * Where the page wants its call to be opened.
 *
 * Throws a `TypeError` whose message says which option to correct.
 */
export function openingOf(options: SessionOptions, { scriptUrl, pageUrl }: Platform): Opening {
  const { apiKey, sampleRate, extension } = options;
  const base = socketBase(options.baseUrl ?? defaultBase(scriptUrl, pageUrl));
  const urlFor = (key: string, opus: boolean): string =>
    connectUrl({ ...options, baseUrl: base, apiKey: key, extension: extension ? { opus } : undefined });
  // Options that are wrong are told before anything is opened.
  const url = typeof apiKey === "string" ? urlFor(apiKey, false) : undefined;
  const wantsOpus = options.opus && extension && options.mode !== "chat";
  if (url !== undefined && !wantsOpus) {
    return { base, url };
  }
  const agentRateHz = inputOnlyRateHz(sampleRate) === undefined ? sampleRate : DEFAULT_RATE_HZ;
  return {
    base,
    url: async () => {
      const key = typeof apiKey === "string" ? apiKey : apiKey();
      const opus = wantsOpus && canOpus(sampleRate, agentRateHz);
      return urlFor(await key, await opus);
    },
  };
}
