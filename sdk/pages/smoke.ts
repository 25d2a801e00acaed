/** Opens a call with `?key=…&agent=…` and writes its events into the page, in the order of their arrival. */
import type * as Sdk from "@vivavoce/agent-sdk";

// The script before this one defines it, as on any page that embeds the SDK by a script tag.
declare const AtomsSdk: typeof Sdk;

function log(...values: unknown[]): void {
  const words = values.map((value) => (typeof value === "object" ? JSON.stringify(value) : String(value)));
  document.querySelector("#log")?.append(`${words.join(" ")}\n`);
}

const query = new URLSearchParams(location.search);
const agent = new AtomsSdk.AtomsAgent({
  apiKey: query.get("key") ?? "",
  agentId: query.get("agent") ?? "",
});
agent.on("session_started", (event) => log("session_started", event));
agent.on("agent_start_talking", () => log("agent_start_talking"));
agent.on("agent_stop_talking", () => log("agent_stop_talking"));
agent.on("error", (event) => log("error", event));
agent.on("session_ended", (event) => log("session_ended", event));
agent.connect().then(
  () => log("connected"),
  (error: unknown) => {
    const { message, cause } = error as Error;
    log("connect failed:", message, cause instanceof Error ? `(${cause.name}: ${cause.message})` : "");
  },
);
