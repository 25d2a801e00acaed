import { scriptUrl } from "../script.js";
import type { Party } from "./conversation.js";
import { codeOf, EmbedRefused } from "./errors.js";
import { fetchConfig, fetchToken, ownerAdvice, serverOf, type Config } from "./server.js";
import type { ConversationKind } from "./states.js";

/** What the server has said of the widget: nothing, or why it will open no conversation. */
export interface Loaded {
  readonly refusal: EmbedRefused | undefined;
}

/** The agent that a page has embedded: which one by the element's attributes, how its widget looks, and its tokens. */
export class Embedding {
  readonly #attribute: (name: string) => string | null;
  #config: Config | undefined;
  #loading = new AbortController();
  /** The page's owner has been told of what only he can mend. */
  #isAdvised = false;

  /** @param attribute Gives the text of an attribute as it is now. */
  constructor(attribute: (name: string) => string | null) {
    this.#attribute = attribute;
  }

  /** How the agent's widget looks; undefined as long as the server has not said. */
  get config(): Config | undefined {
    return this.#config;
  }

  /** Whom to talk to; without one, the browser's console says which attribute is missing. */
  party(): Party | undefined {
    const assistantId = this.#attribute("assistant-id")?.trim();
    const server = this.#attribute("server")?.trim().replace(/\/+$/, "") || serverOf(scriptUrl);
    if (!assistantId || !server) {
      console.error(`Vivavoce: the widget needs the attribute "${assistantId ? "server" : "assistant-id"}"`);
      return undefined;
    }
    return { server, assistantId };
  }

  /**
   * Asks the server how the widget looks; without an answer it looks as its attributes say.
   *
   * @returns undefined where the question was dropped, or has been asked anew since.
   */
  async load(): Promise<Loaded | undefined> {
    this.drop();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const party = this.party();
    this.#config = undefined;
    let refusal: EmbedRefused | undefined;
    try {
      const config = party && (await fetchConfig(party.server, party.assistantId, signal));
      if (!signal.aborted) {
        this.#config = config;
      }
    } catch (error) {
      refusal = this.#refusalOf(error, party);
    }
    return signal.aborted ? undefined : { refusal };
  }

  /** Waits for no answer any more. */
  drop(): void {
    this.#loading.abort();
  }

  /** A token for one conversation. Rejects with `EmbedRefused`, or with what `fetch()` throws. */
  async token(party: Party, kind: ConversationKind, signal: AbortSignal): Promise<string> {
    try {
      return await fetchToken(party.server, party.assistantId, kind, signal);
    } catch (error) {
      throw this.#refusalOf(error, party) ?? error;
    }
  }

  /** The server's refusal, if it is one; the page's owner reads, once, of what only he can mend. */
  #refusalOf(error: unknown, party: Party | undefined): EmbedRefused | undefined {
    if (!(error instanceof EmbedRefused)) {
      return undefined;
    }
    if (party && codeOf(error) === "host_not_allowed" && !this.#isAdvised) {
      this.#isAdvised = true;
      console.error(ownerAdvice(location.hostname, party.assistantId, party.server));
    }
    return error;
  }
}
