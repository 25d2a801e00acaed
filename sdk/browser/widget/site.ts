/** A site of somebody else: its own host name and port, its own policy, and a widget of our server in its pages. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface SitePage {
  readonly html: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Site {
  /** Path to page; set by each test. */
  pages: Record<string, SitePage> = {};
  readonly #http: Server;

  private constructor() {
    this.#http = createServer((request, response) => {
      const page = this.pages[new URL(request.url ?? "/", "http://site").pathname];
      if (page) {
        response
          .writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...page.headers })
          .end(page.html);
      } else {
        response.writeHead(404).end();
      }
    });
  }

  static async start(): Promise<Site> {
    const site = new Site();
    await new Promise<void>((resolve) => site.#http.listen(0, "127.0.0.1", resolve));
    return site;
  }

  /** The address under one of this machine's names: other names are other hosts to a browser. */
  url(path = "/", host = "127.0.0.1"): string {
    return `http://${host}:${(this.#http.address() as AddressInfo).port}${path}`;
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

/** The policy that the documentation names, and nothing more. */
export const strictPolicy = (server: string): string =>
  `default-src 'self'; script-src 'self' ${server}; connect-src ${server} ${server.replace(/^http/, "ws")}; ` +
  "style-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'";

/** A page with the two lines that embed a widget. */
export const pageWith = (server: string, attributes: string, more = ""): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>A shop</title>
  </head>
  <body>
    <main><h1>A shop</h1><p>Fresh bread every morning, and a person to ask about it.</p><a href="#top">Hours</a></main>
    ${more}
    <vivavoce-widget ${attributes}></vivavoce-widget>
    <script src="${server}/sdk/widget.js"></script>
  </body>
</html>
`;
