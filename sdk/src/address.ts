/** Where the server is and what to ask it for: from the options of the page to the URL of the socket. */

/** Rates that the connect URL takes as `sample_rate`, in Hz. Source: Atoms live tests of `sample_rate`. */
const NEGOTIATED_RATES_HZ = [8000, 16000, 24000];

/** Further microphone rates, which have a format token instead; the agent's voice keeps its own rate. */
const INPUT_ONLY_RATES_HZ = [22050, 44100, 48000];

// What a base URL may already contain: /atoms/v1, /api/v1, or the full connect path.
const API_PATH = /\/(?:atoms|api)\/v1(?:\/.*)?$/;

export interface CallAddress {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly agentId: string;
  /** In Hz. */
  readonly sampleRate: number;
  readonly mode: CallMode;
  /** What is asked for of docs/wire-extension.md; nothing where it is missing. */
  readonly extension?: { readonly opus: boolean } | undefined;
}

const PATH = "/atoms/v1/agent/connect";

/** `webcall` speaks; `chat` has no audio at all. */
export type CallMode = "webcall" | "chat";

/**
 * The URL of the call's socket.
 *
 * Throws a `TypeError` whose message says which option to correct.
 */
export function connectUrl({ baseUrl, apiKey, agentId, sampleRate, mode, extension }: CallAddress): string {
  if (!apiKey) {
    throw new TypeError("apiKey is missing: pass an access token (wct_…) or an API key (sk_…)");
  }
  if (!agentId) {
    throw new TypeError("agentId is missing: pass the id of an agent of your server");
  }
  const query = new URLSearchParams({ token: apiKey, agent_id: agentId, mode });
  if (NEGOTIATED_RATES_HZ.includes(sampleRate)) {
    query.set("sample_rate", String(sampleRate));
  } else if (INPUT_ONLY_RATES_HZ.includes(sampleRate)) {
    query.set("input_audio_format", `pcm_${sampleRate}`);
  } else {
    const rates = [...NEGOTIATED_RATES_HZ, ...INPUT_ONLY_RATES_HZ].join(", ");
    throw new TypeError(`sampleRate ${sampleRate} is not supported: use one of ${rates}`);
  }
  if (extension) {
    query.set("ext", "1");
    query.set("frames", "binary");
    if (extension.opus) {
      query.set("opus", "1");
    }
  }
  return `${socketBase(baseUrl)}${PATH}?${query}`;
}

/**
 * The URL that takes a call up again.
 *
 * @param baseUrl A socket base.
 * @param lastSeq The number of the server's last message that we have.
 * @param inputSeq The number of our newest message.
 */
export function resumeUrl(baseUrl: string, token: string, lastSeq: number, inputSeq: number): string {
  const numbers = { last_seq: String(lastSeq), input_seq: String(inputSeq) };
  return `${baseUrl}${PATH}?${new URLSearchParams({ resume: token, ...numbers, ext: "1" })}`;
}

/** The microphone rate that the connect URL asked for apart from `sample_rate`, in Hz. */
export function inputOnlyRateHz(sampleRate: number): number | undefined {
  return INPUT_ONLY_RATES_HZ.includes(sampleRate) ? sampleRate : undefined;
}

/** `baseUrl` as `ws:` or `wss:` URL, without a slash at the end and without the path of the API. */
export function socketBase(baseUrl: string): string {
  const url = parseUrl(baseUrl);
  switch (url?.protocol) {
    case "http:":
      url.protocol = "ws:";
      break;
    case "https:":
      url.protocol = "wss:";
      break;
    case "ws:":
    case "wss:":
      break;
    default:
      throw new TypeError(`baseUrl "${baseUrl}" is not a ws, wss, http or https URL`);
  }
  const path = url.pathname.replace(API_PATH, "").replace(/\/+$/, "");
  return `${url.protocol}//${url.host}${path}`;
}

/**
 * The server that a page means when it names none: the one that its SDK came from, else the page's own.
 *
 * Throws a `TypeError` when neither is a web address (a page or a script from the disk).
 */
export function defaultBase(scriptUrl: string | undefined, pageUrl: string | undefined): string {
  for (const candidate of [scriptUrl, pageUrl]) {
    const url = candidate === undefined ? undefined : parseUrl(candidate);
    if (url?.protocol === "http:" || url?.protocol === "https:") {
      return url.origin;
    }
  }
  throw new TypeError("baseUrl is missing: name your server, for example wss://voice.example.com");
}

/** The URL that is written as `address`; undefined for what is none. */
export function parseUrl(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}
