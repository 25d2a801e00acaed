/** Follows a call while it goes on: what is said appears as it happens, until the page of the finished call takes over. */
import { milliseconds } from "./amounts.js";
import { element } from "./elements.js";
import { clock } from "./ticking.js";
import { stagesOf, waterfall, type TimedTurn } from "./waterfall.js";

/** An event of the stream, `docs/events.md`; each kind has fields of its own. */
type StreamEvent = Readonly<Record<string, unknown>> & { readonly event_type: string };

/** What an `agent_log` tells of the visitor's connection. */
interface Connection {
  readonly connection?: "lost" | "returned";
  readonly away_ms?: number;
}

/** How long the page waits before it looks for a call whose stream has broken off. */
const AGAIN_MS = 3000;

/** @param call Names the call and the last of its facts that the page knows. */
export function followCall(call: HTMLElement, list: HTMLElement): void {
  const id = call.dataset["call"] ?? "";
  const query = new URLSearchParams({ callId: id, lastEventId: call.dataset["live"] ?? "0" });
  const stream = new EventSource(`/atoms/v1/events?${query}`);
  const page = new LivePage(list);
  stream.onmessage = (message) => {
    const event = JSON.parse(String(message.data)) as StreamEvent;
    if (event.event_type === "sse_close") {
      stream.close();
      location.reload();
    } else {
      page.take(event);
    }
  };
  stream.onerror = () => {
    // The browser tries again by itself, unless it was refused: then the call is over.
    if (stream.readyState === EventSource.CLOSED) {
      setTimeout(() => location.reload(), AGAIN_MS);
    }
  };
}

/** The growing transcript. */
class LivePage {
  readonly #list: HTMLElement;
  readonly #fullMs: number;

  constructor(list: HTMLElement) {
    this.#list = list;
    this.#fullMs = Math.max(Number(list.dataset["full"]), 2000);
  }

  take(event: StreamEvent): void {
    const text = (name: string): string => String(event[name] ?? "");
    switch (event.event_type) {
      case "user_interim_transcription":
        this.#say("user", text("interim_transcription_text"), { event, isOpen: true });
        break;
      case "user_transcription":
        this.#say("user", text("user_transcription_text"), { event, isOpen: false });
        break;
      case "turn_latency":
        this.#turn("agent", event).append(
          waterfall(stagesOf(event as unknown as TimedTurn), { fullMs: this.#fullMs }),
        );
        this.#status("The agent is speaking …");
        break;
      case "tts_completed":
        this.#say("agent", text("tts_text"), { event, isOpen: false });
        break;
      case "tool_call_start":
        this.#startTool(event);
        break;
      case "tool_call_end":
      case "tool_call_error":
        this.#endTool(event);
        break;
      case "agent_error":
        this.#trouble(text("error"), event);
        break;
      case "agent_log":
        this.#connection(event["metadata"] as Connection, event);
        break;
      case "call_end":
        this.#status("The call is over: its recording is being put together …");
        break;
    }
  }

  #say(
    role: "user" | "agent",
    text: string,
    { event, isOpen }: { event: StreamEvent; isOpen: boolean },
  ): void {
    const turn = this.#turn(role, event);
    turn.querySelector(".said")!.textContent = text;
    if (!isOpen) {
      delete turn.dataset["open"];
    }
    this.#status(role === "user" ? "The visitor is speaking …" : "Following the call …");
  }

  /** The turn of a side that goes on, or a new one. */
  #turn(role: "user" | "agent", event: StreamEvent): HTMLElement {
    const open = this.#list.querySelector<HTMLElement>(`.turn.${role}[data-open]`);
    if (open) {
      return open;
    }
    const name = role === "agent" ? (this.#list.dataset["agent"] ?? "Agent") : "Visitor";
    const turn = item(`turn ${role}`);
    turn.dataset["open"] = "";
    const who = element("p", "who");
    who.append(element("b", "", name), " ", element("span", "at", momentOf(event)));
    turn.append(who, element("p", "said", "…"));
    this.#list.append(turn);
    return turn;
  }

  #startTool(event: StreamEvent): void {
    const tool = item("event tool");
    tool.dataset["tool"] = String(event["tool_call_id"]);
    const box = element("details");
    const summary = element("summary");
    const label = element("span", "", "Tool ");
    label.append(element("b", "", String(event["function_name"])));
    summary.append(label, element("span", "at", momentOf(event)), element("span", "badge busy", "running"));
    box.append(
      summary,
      element("h3", "", "Asked with"),
      code(JSON.stringify(event["context"], undefined, 2)),
    );
    tool.append(box);
    this.#list.append(tool);
  }

  #endTool(event: StreamEvent): void {
    const box = [...this.#list.querySelectorAll<HTMLElement>("[data-tool]")]
      .filter(({ dataset }) => dataset["tool"] === String(event["tool_call_id"]))
      .at(-1)
      ?.querySelector("details");
    const badge = box?.querySelector(".badge");
    const error = String(event["error"] ?? "");
    badge?.replaceWith(
      error
        ? element("span", "badge bad", error)
        : element("span", "took", `${(Number(event["latency_ms"]) / 1000).toFixed(2)} s`),
    );
    if (event["response"]) {
      box?.append(element("h3", "", "Answered"), code(String(event["response"])));
    }
  }

  #trouble(text: string, event: StreamEvent): void {
    const trouble = item("event trouble");
    const words = element("p", "");
    const box = element("span");
    box.append(
      element("b", "", "Something failed"),
      " ",
      element("span", "at", momentOf(event)),
      element("br"),
      text,
    );
    words.append(box);
    trouble.append(words);
    this.#list.append(trouble);
  }

  #connection({ connection, away_ms }: Connection, event: StreamEvent): void {
    if (connection === "lost") {
      const absence = item("event absence");
      absence.dataset["open"] = "";
      const words = element("p");
      const box = element("span");
      box.append(element("b", "", "Connection lost"), " ", element("span", "at", momentOf(event)));
      words.append(box);
      absence.append(words);
      this.#list.append(absence);
      this.#status("The connection is lost: the call waits for the visitor …");
    } else if (connection === "returned") {
      const absence = this.#list.querySelector<HTMLElement>(".event.absence[data-open]");
      absence?.querySelector("b")?.after(` for ${milliseconds(away_ms ?? null)}`);
      delete absence?.dataset["open"];
      this.#status("Following the call …");
    }
  }

  #status(text: string): void {
    const line = document.getElementById("listening");
    if (line && line.textContent !== text) {
      line.textContent = text;
    }
  }
}

/** The moment of an event within the call: the last part of its id, in milliseconds. */
function momentOf(event: StreamEvent): string {
  return clock(Number(/_(\d+)(?:_metrics)?$/.exec(String(event["event_id"] ?? ""))?.[1] ?? 0) / 1000);
}

function item(className: string): HTMLLIElement {
  return element("li", className);
}

function code(text: string): HTMLPreElement {
  const box = element("pre");
  box.tabIndex = 0;
  box.append(element("code", "", text));
  return box;
}
