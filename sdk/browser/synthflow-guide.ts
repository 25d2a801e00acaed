/** The sample client of Synthflow's guide, taken from the guide itself, and a host for the page made of it. */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { transform } from "esbuild";

const GUIDE = new URL("../../../shared/seeds/synthflow-websocket.md", import.meta.url);

export const hasSynthflowGuide = existsSync(GUIDE);

/** All code of the guide in this language, in its order. */
function printed(language: string): string {
  const fences = readFileSync(GUIDE, "utf8").matchAll(/^ *```(\w+)[^\n]*\n([\s\S]*?)^ *```$/gm);
  return [...fences]
    .filter(([, found]) => found === language)
    .map(([, , code]) => code ?? "")
    .join("\n");
}

export interface SampleFiles {
  /** The page, with a button `#start`. */
  readonly page: string;
  /** The file that it loads its loudspeaker from. */
  readonly worklet: string;
}

/**
 * The sample client as a page: only its types are taken off, and the two gaps that it leaves are filled.
 *
 * @param askForSession JavaScript that gives a session URL, for the guide leaves it to the reader.
 */
export async function sampleFiles(askForSession: string): Promise<SampleFiles> {
  const source = printed("ts");
  const gap = /const sessionURL = \.\.\./;
  if (!gap.test(source)) {
    throw new Error("the guide has no gap for the session URL any more");
  }
  const { code } = await transform(source.replace(gap, `const sessionURL = ${askForSession};`), {
    loader: "ts",
    target: "es2022",
  });
  // The guide calls a function that shows its state, and shows none.
  const page = `<!doctype html><meta charset="utf-8"><title>Sample client</title><button id="start">Start</button>
<script type="module">
const updateStatus = (text) => console.log("status: " + text);
document.querySelector("#start").onclick = () => makeCall();
${code}
</script>`;
  return { page, worklet: printed("js") };
}

/** Serves the sample client on an origin of its own, as a reader's web server would. */
export class SampleHost {
  readonly #server: Server;

  private constructor(files: SampleFiles) {
    this.#server = createServer((request, response) => {
      const [status, type, body] =
        request.url === "/"
          ? ([200, "text/html; charset=utf-8", files.page] as const)
          : request.url === "/audio-out-worklet.js"
            ? ([200, "text/javascript", files.worklet] as const)
            : ([204, "text/plain", ""] as const);
      response.writeHead(status, { "Content-Type": type });
      response.end(body);
    });
  }

  static async start(files: SampleFiles): Promise<SampleHost> {
    const host = new SampleHost(files);
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
