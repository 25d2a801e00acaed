/**
 * The test page of the Synthflow wire: opens a call as pages do that were written for it, and prints what it is told.
 *
 * Its address names the agent and a key, `synthflow.html?key=sk_…&agent=…`: a page for tests, not for visitors.
 */
import { holdCall, type Call } from "./synthflow-call.js";

const start = document.querySelector<HTMLButtonElement>("#start")!;
const stop = document.querySelector<HTMLButtonElement>("#stop")!;
const query = new URLSearchParams(location.search);
let call: Call | undefined;

function log(line: string): void {
  document.querySelector("#log")?.append(`${line}\n`);
}

/** A URL that opens one call, within a minute. A page for visitors has its own back end ask for it. */
async function askForSession(): Promise<string> {
  const answer = await fetch(`websocket/token/${encodeURIComponent(query.get("agent") ?? "")}`, {
    headers: { Authorization: `Bearer ${query.get("key") ?? ""}` },
  });
  const { sessionURL, error } = (await answer.json()) as { sessionURL?: string; error?: string };
  if (sessionURL === undefined) {
    throw new Error(`${answer.status} ${error ?? ""}`);
  }
  return sessionURL;
}

function setBusy(busy: boolean): void {
  start.disabled = busy;
  stop.disabled = !busy;
}

async function open(): Promise<void> {
  setBusy(true);
  try {
    call = await holdCall(await askForSession(), {
      told: (text) => log(`received ${text}`),
      ready: () => log("client ready"),
      closed: (code) => {
        log(`closed ${code}`);
        setBusy(false);
      },
    });
  } catch (error) {
    log(`failed: ${error instanceof Error ? error.message : String(error)}`);
    setBusy(false);
  }
}

start.addEventListener("click", () => void open());
stop.addEventListener("click", () => call?.stop());
