/** The code of the SDK's public guide, taken from the guide itself, and a host for pages made of it. */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const GUIDE = new URL("../../../shared/seeds/atoms-websocket-sdk.md", import.meta.url);

/** Where the guide's script tags load the SDK from. Only this host is replaced. */
const PRINTED_HOST = "https://cdn.jsdelivr.net";

export const hasGuide = existsSync(GUIDE);

/** The first piece of code in the guide that follows `heading`, of this language, and contains `words`. */
export function printed(heading: string, language: string, words = ""): string {
  const guide = readFileSync(GUIDE, "utf8");
  const start = guide.search(new RegExp(`^#+ ${heading}$`, "m"));
  const fences = guide.slice(start).matchAll(/^( *)```(\w+)[^\n]*\n([\s\S]*?)^ *```$/gm);
  for (const [, indent, found, code] of fences) {
    if (found === language && code?.includes(words)) {
      return code.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    }
  }
  throw new Error(`the guide has no ${language} code after "${heading}"`);
}

export interface Filling {
  readonly serverUrl: string;
  readonly key: string;
  readonly agentId: string;
}

/** `code` with the placeholders for key and agent filled in, and the script's host replaced. */
export function filled(code: string, { serverUrl, key, agentId }: Filling): string {
  return code
    .replaceAll(PRINTED_HOST, serverUrl)
    .replaceAll('"sk_..."', JSON.stringify(key))
    .replaceAll('"..."', JSON.stringify(agentId));
}

/** A page that runs a module, and resolves the npm name of the SDK to the server's copy. */
export function modulePage(code: string, serverUrl: string): string {
  const names = { imports: { "@smallest-ai/agent-sdk": `${serverUrl}/sdk/agent-sdk.js` } };
  return `<!doctype html><meta charset="utf-8"><title>Guide</title>
<button id="talk">Talk</button> <input id="text"> <button id="send">Send</button>
<script type="importmap">${JSON.stringify(names)}</script>
<script type="module">${code}</script>`;
}

/** Serves one page, as `python3 -m http.server` would. */
export class PageHost {
  page = "";
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const known = request.url === "/" || request.url?.startsWith("/smoke.html");
      // Browsers ask every host for an icon, and print an error where there is none.
      response.writeHead(known ? 200 : 204, { "Content-Type": "text/html; charset=utf-8" });
      response.end(known ? this.page : "");
    });
  }

  static async start(): Promise<PageHost> {
    const host = new PageHost();
    await new Promise<void>((resolve) => host.#server.listen(0, "127.0.0.1", resolve));
    return host;
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
