/** The page to talk to an agent: joins the SDK, the server's page routes and what is shown. */
import { AtomsAgent } from "@vivavoce/agent-sdk";
import { AnswerClock } from "./answer-clock.js";
import { speakerOf, withInterruption, withText, withTurnEnded, type Caption } from "./captions.js";
import { embedSnippet } from "./embed.js";
import { HeardWords } from "./heard-words.js";
import { holdToTalk } from "./push-to-talk.js";
import { askWhy, explain, explainEnd, listAgents, mintToken, ServerRefused } from "./server.js";
import { suspension } from "./suspension.js";
import {
  element,
  showAnswer,
  showCall,
  showCaptions,
  showControls,
  showLevels,
  showMuted,
  shownState,
  showProblem,
  showConnected,
  showState,
  showSuspended,
} from "./view.js";

const talkButton = element<HTMLButtonElement>("talk");
const agentChoice = element<HTMLSelectElement>("agent");
const keyField = element<HTMLInputElement>("key");
const agentIdField = element<HTMLInputElement>("agent-id");
const credentials = element<HTMLFormElement>("credentials");
const pushToTalk = element<HTMLInputElement>("push-to-talk");
const textField = element<HTMLInputElement>("text");

const ask: typeof fetch = (input, init) => fetch(input, init);
const wanted = new URLSearchParams(location.search).get("agent") ?? "";

let agent: AtomsAgent | undefined;
let captions: readonly Caption[] = [];
let listed = false;
// Counts presses of Talk and End, so that a token that comes too late starts nothing.
let attempt = 0;

const isInCall = (): boolean => talkButton.hidden !== false;
const isLocked = (): boolean => !credentials.hidden;
const chosenAgent = (): string => (isLocked() ? agentIdField.value.trim() : agentChoice.value);

function askForKey(): void {
  element("choice").hidden = true;
  credentials.hidden = false;
  agentIdField.value ||= agentChoice.value || wanted;
}

/** Fills the choice of agents, or the fields for a key. */
async function prepare(): Promise<void> {
  const list = await listAgents(ask);
  listed = list.kind !== "unreachable";
  switch (list.kind) {
    case "open":
      agentChoice.replaceChildren(...list.agents.map(({ id, name }) => new Option(name, id)));
      agentChoice.disabled = false;
      if (list.agents.some(({ id }) => id === wanted)) {
        agentChoice.value = wanted;
      }
      element("brain").textContent = list.brain;
      showProblem(
        list.agents.length > 0
          ? undefined
          : "This server has no agent yet. Create one, then reload this page.",
      );
      break;
    case "locked":
      askForKey();
      showProblem(undefined);
      break;
    case "unreachable":
      showProblem("The server cannot be reached. Check that it runs, then press Talk.");
      break;
  }
  talkButton.disabled = list.kind === "open" && list.agents.length === 0;
  showSnippet();
}

function showSnippet(): void {
  const agentId = chosenAgent();
  const folder = new URL(".", location.href).href.replace(/\/$/, "");
  element("snippet").textContent = embedSnippet(folder, agentId || "YOUR-AGENT-ID");
  element("embed").hidden = !listed;
}

/** What opens the next call: the visitor's key, or a token that the server gives to this page. */
async function credential(): Promise<string> {
  if (isLocked()) {
    return keyField.value.trim();
  }
  try {
    return await mintToken(ask, agentChoice.value);
  } catch (error) {
    if (error instanceof ServerRefused && (error.status === 401 || error.status === 403)) {
      askForKey();
    }
    throw error;
  }
}

async function start(): Promise<void> {
  showProblem(undefined);
  if (!listed) {
    await prepare();
    return;
  }
  if (isLocked() && !credentials.reportValidity()) {
    return;
  }
  captions = [];
  showCaptions(captions);
  showState("connecting");
  showControls(true, pushToTalk.checked);
  showMuted(pushToTalk.checked);
  attempt += 1;
  const own = attempt;
  let key = "";
  try {
    key = await credential();
    if (own !== attempt) {
      return;
    }
    agent = newAgent(key);
    await agent.connect();
    showConnected();
  } catch (error) {
    if (own === attempt) {
      await fail(error, key);
    }
  }
}

/** Says why the call could not be started. */
async function fail(error: unknown, key: string): Promise<void> {
  agent = undefined;
  showClosed("idle");
  const reason =
    isLocked() && key && !isMicrophone(error) ? await askWhy(ask, key, chosenAgent()) : undefined;
  showProblem(explain(reason ?? error));
}

/** Ends the call, also one that is still being opened. */
function end(): void {
  attempt += 1;
  const isLive = agent?.isConnected ?? false;
  agent?.disconnect();
  // A live call is over when the server says so; one that was never live has no end to wait for.
  if (!isLive) {
    agent = undefined;
    showClosed("idle");
  }
}

/** Shows that no call is open. */
function showClosed(state: "idle" | "ended", text?: string): void {
  showState(state, text);
  showControls(false, pushToTalk.checked);
  showLevels(0, 0);
}

const isMicrophone = (error: unknown): boolean => (error as Error).message === "Microphone access required";

function newAgent(apiKey: string): AtomsAgent {
  const calling = new AtomsAgent({
    apiKey,
    agentId: chosenAgent(),
    baseUrl: new URL(".", location.href).href,
  });
  const clock = new AnswerClock();
  const words = new HeardWords();
  const followPlayback = suspension(showSuspended);
  /** Where the call stood before the network was lost. */
  let before = shownState();
  const update = (next: readonly Caption[]): void => {
    captions = next;
    showCaptions(captions);
  };
  if (pushToTalk.checked) {
    calling.mute();
  }
  calling
    .on("session_started", ({ call_id }) => {
      showCall(call_id);
      showState("connecting", "Waiting for the microphone …");
    })
    .on("levels", ({ input, output }) => {
      showLevels(input, output);
      const answer = clock.look(input, output, performance.now());
      if (answer) {
        showAnswer(answer);
      }
    })
    .on("playback", followPlayback)
    .on("reconnecting", () => {
      if (shownState() !== "reconnecting") {
        before = shownState();
        showState("reconnecting");
      }
    })
    .on("reconnected", () => showState(before))
    .on("agent_start_talking", () => showState("talking"))
    .on("agent_stop_talking", () => {
      words.settle();
      update(withTurnEnded(captions));
      showState("listening");
    })
    .on("interruption", () => update(withInterruption(captions)))
    .on("caption", (word) => {
      const heard = words.hear(word);
      if (heard) {
        update(withText(captions, "agent", heard.text, false, heard.fresh));
      }
    })
    .on("transcript_delta", ({ role, text }) => {
      if (role === "user" || !words.isFollowing) {
        update(withText(captions, speakerOf(role), text, false));
      }
    })
    .on("transcript", ({ role, text, turn }) => {
      update(withText(captions, speakerOf(role), text, true));
      if (role === "user") {
        clock.turnTaken();
        showState("thinking");
      } else {
        words.settle(turn);
      }
    })
    .on("error", ({ code, message }) => showProblem(`${message} (${code})`))
    .on("session_ended", ({ reason }) => {
      followPlayback(undefined);
      if (agent !== calling) {
        return;
      }
      showClosed("ended", explainEnd(reason));
    });
  element("typing").onsubmit = (event) => {
    event.preventDefault();
    const text = textField.value.trim();
    if (text !== "" && calling.isConnected) {
      calling.sendText(text);
      clock.textSent(performance.now());
      textField.value = "";
    }
  };
  return calling;
}

function setMuted(muted: boolean): void {
  if (muted) {
    agent?.mute();
  } else {
    agent?.unmute();
  }
  showMuted(muted);
}

talkButton.addEventListener("click", () => void start());
credentials.addEventListener("submit", (event) => {
  event.preventDefault();
  void start();
});
element("end").addEventListener("click", end);
element("mute").addEventListener("click", () => setMuted(!agent?.isMuted));
pushToTalk.addEventListener("change", () => {
  const inCall = isInCall();
  showControls(inCall, pushToTalk.checked);
  if (inCall) {
    setMuted(pushToTalk.checked);
  }
});
holdToTalk(
  element("hold"),
  () => pushToTalk.checked && isInCall(),
  (held) => setMuted(!held),
);
agentChoice.addEventListener("change", showSnippet);
agentIdField.addEventListener("input", showSnippet);
element("copy").addEventListener("click", () => {
  const done = element("copied");
  navigator.clipboard.writeText(element("snippet").textContent).then(
    () => (done.textContent = "Copied"),
    () => (done.textContent = "Select the text and copy it by hand"),
  );
});

showControls(false, false);
void prepare();
