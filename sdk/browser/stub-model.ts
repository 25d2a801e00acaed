/** A language model that answers by rule, behind the interface of OpenAI: for what only a model can make happen. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Message {
  readonly role: string;
  readonly content: string | null;
}

/** What it answers: a text, or a tool to call. */
export type Answer = string | { readonly tool: string; readonly arguments: Record<string, unknown> };

export class StubModel {
  /** Decides on an answer; set by each test. */
  answer: (last: Message, messages: readonly Message[]) => Answer = () => "Certainly.";
  readonly #http: Server;

  private constructor() {
    this.#http = createServer((request, response) => {
      void read(request).then((body) => {
        const { messages } = JSON.parse(body || "{}") as { messages?: Message[] };
        const last = messages?.at(-1);
        if (!messages || !last) {
          response.writeHead(404).end();
          return;
        }
        response.writeHead(200, { "Content-Type": "text/event-stream" });
        for (const delta of pieces(this.answer(last, messages))) {
          response.write(`data: ${JSON.stringify(chunk({ delta, finish_reason: null }))}\n\n`);
        }
        response.end(
          `data: ${JSON.stringify(chunk({ delta: {}, finish_reason: "stop" }))}\n\ndata: [DONE]\n\n`,
        );
      });
    });
  }

  static async start(): Promise<StubModel> {
    const model = new StubModel();
    await new Promise<void>((resolve) => model.#http.listen(0, "127.0.0.1", resolve));
    return model;
  }

  /** Settings of a server that asks this model. */
  get settings(): Record<string, string> {
    const { port } = this.#http.address() as AddressInfo;
    return {
      VIVAVOCE_LLM: "openai",
      VIVAVOCE_ENGINE_OPENAI_MODEL: "stub",
      OPENAI_API_KEY: "none",
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
    };
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

const chunk = (choice: Record<string, unknown>): Record<string, unknown> => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 0,
  model: "stub",
  choices: [{ index: 0, ...choice }],
});

function pieces(answer: Answer): Record<string, unknown>[] {
  if (typeof answer === "string") {
    return answer.split(/(?<= )/).map((content) => ({ role: "assistant", content }));
  }
  const call = { name: answer.tool, arguments: JSON.stringify(answer.arguments) };
  return [{ role: "assistant", tool_calls: [{ index: 0, id: "call_1", type: "function", function: call }] }];
}

async function read(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const part of request) {
    body += String(part);
  }
  return body;
}
