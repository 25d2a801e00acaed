/** A small server of the Atoms wire and of the built pages: what it says is written in each test. */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer, type WebSocket } from "ws";
import { toSamples } from "./sound.js";

const SITE =
  process.env["VIVAVOCE_STATIC"] ?? fileURLToPath(new URL("../../src/vivavoce/static", import.meta.url));
const BARE = fileURLToPath(new URL("./bare/", import.meta.url));

/** The policy that the server sends with its pages. */
export const PAGE_POLICY =
  "default-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self' ws: wss:; " +
  "img-src 'self' data:; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** `ext` of a call that survives its socket, with all messages in JSON. */
export const EXTENSION = {
  version: 1,
  frames: "json",
  resume_token: "vrt_1",
  resume_window_s: 60,
  resumed: false,
  input_seq: 0,
};

export interface Message {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** One call as the server sees it. */
export class Call {
  readonly received: Message[] = [];
  /** When each message came, in milliseconds of the process. */
  readonly times: number[] = [];
  closeCode: number | undefined;

  constructor(
    readonly socket: WebSocket,
    readonly query: URLSearchParams,
  ) {
    socket.on("message", (data: Buffer) => {
      this.received.push(JSON.parse(data.toString()) as Message);
      this.times.push(performance.now());
    });
    socket.on("close", (code) => {
      this.closeCode = code;
    });
  }

  get types(): string[] {
    return this.received.map(({ type }) => type);
  }

  /** The microphone frames so far. */
  get frames(): Int16Array[] {
    return this.received
      .filter(({ type }) => type === "input_audio_buffer.append")
      .map(({ audio }) => toSamples(Buffer.from(audio as string, "base64")));
  }

  send(type: string, fields: Record<string, unknown> = {}): void {
    this.socket.send(JSON.stringify({ type, ...fields }));
  }

  /** Lets a call in; with `ext` it speaks the extension of the wire. */
  create(sampleRate = 24000, ext?: Record<string, unknown>): void {
    const session_id = "7d0c2a52-6f0e-4a53-8f6c-0d4a0c7b8a11";
    this.send("session.created", {
      session_id,
      call_id: "CALL-1776756378884-6a553c",
      sample_rate: sampleRate,
      channels: 1,
      ...(ext && { ext }),
    });
  }

  /** Sends samples as the agent's voice, in frames of 40 ms, all at once. */
  speak(samples: Int16Array, rateHz = 24000): void {
    const length = rateHz * 0.04;
    for (let start = 0; start < samples.length; start += length) {
      const frame = samples.subarray(start, start + length);
      const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
      this.send("output_audio.delta", { audio: bytes.toString("base64") });
    }
  }
}

export interface StubOptions {
  /** Told of every call that was let in. Default: creates the session and answers the goodbye. */
  readonly onCall?: (call: Call) => void;
  /** Answers requests for the page API: `GET /page/agents` and `POST /page/token`. */
  readonly page?: (path: string) => { status: number; body: unknown };
  /** The policy of the pages. */
  readonly policy?: string;
}

/** Creates the session, and closes it politely. */
export function polite(call: Call): void {
  call.create();
  call.socket.on("message", (data: Buffer) => {
    if ((JSON.parse(data.toString()) as Message).type === "session.close") {
      call.send("session.closed", { reason: "client_requested" });
      call.socket.close(1000);
    }
  });
}

export class StubServer {
  readonly calls: Call[] = [];
  /** Changed by tests between calls. */
  options: StubOptions;
  readonly #http: Server;

  private constructor(options: StubOptions) {
    this.options = options;
    this.#http = createServer((request, response) => void this.#answer(request, response));
    const sockets = new WebSocketServer({ noServer: true });
    this.#http.on("upgrade", (request, socket, head) => {
      const query = new URL(request.url ?? "/", "http://stub").searchParams;
      if (query.get("token") === "sk_wrong") {
        socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
      }
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const call = new Call(webSocket, query);
        this.calls.push(call);
        (this.options.onCall ?? polite)(call);
      });
    });
  }

  static async start(options: StubOptions = {}): Promise<StubServer> {
    const server = new StubServer(options);
    await new Promise<void>((resolve) => server.#http.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The call that was opened last. */
  get call(): Call {
    const call = this.calls.at(-1);
    if (!call) {
      throw new Error("no call has been opened");
    }
    return call;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.calls) {
      socket.terminate();
    }
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://stub").pathname;
    if (path.startsWith("/page/") || path.startsWith("/atoms/")) {
      const { status, body } = this.options.page?.(path) ?? { status: 403, body: {} };
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
      return;
    }
    const named = normalize(path === "/" ? "/index.html" : path).replace(
      /^\/npm\/@[^/]+\/agent-sdk\/dist\//,
      "/sdk/",
    );
    const file = named.startsWith("/bare/") ? join(BARE, named.slice(6)) : join(SITE, named);
    try {
      const content = await readFile(file);
      const isSdk = named.startsWith("/sdk/");
      response.writeHead(200, {
        "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
        ...(isSdk
          ? { "Access-Control-Allow-Origin": "*" }
          : { "Content-Security-Policy": this.options.policy ?? PAGE_POLICY }),
      });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  }
}
