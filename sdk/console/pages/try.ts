/** Try it: a call to the agent from its own page, with everything that can be known of it while it goes on. */
import "../waterfall.css";
import "./agents.css";
import "./try.css";
import { AtomsAgent, type CallMode } from "@vivavoce/agent-sdk";
import { speakerOf } from "../../pages/captions.js";
import { holdToTalk } from "../../pages/push-to-talk.js";
import { explain, explainEnd } from "../../pages/server.js";
import { ask, RequestFailed } from "../requests.js";
import { followCall } from "../try-events.js";
import { PlaybackClock, RoundTrips } from "../try-latency.js";
import { TryLog, type Answer } from "../try-log.js";
import {
  byId,
  card,
  chatButton,
  endButton,
  holdButton,
  isInCall,
  muteButton,
  pushToTalk,
  showControls,
  showLevels,
  showMuted,
  showProblem,
  showState,
  STATES,
  talkButton,
  textField,
  typing,
} from "../try-view.js";
import { stagesOf, type TimedTurn } from "../waterfall.js";

/** How often the playback level is looked at while an answer is awaited, in milliseconds. */
const LOOK_MS = 10;
/** Round trips that are measured when a call begins; one more is after each answer. */
const FIRST_TRIPS = 4;

const STAGES: Readonly<Record<string, string>> = {
  stt: "Speech to text",
  llm: "The language model",
  tts: "The voice",
};

const agentId = card.dataset["agent"] ?? "";
const log = new TryLog(byId("log"));
const trips = new RoundTrips();

/** The call that is shown; undefined before the first. */
let call: AtomsAgent | undefined;
let mode: CallMode = "webcall";
/** What the settings beside the conversation have that is not saved. */
let isUnsaved = false;

function setMuted(muted: boolean): void {
  if (muted) {
    call?.mute();
  } else {
    call?.unmute();
  }
  showMuted(muted);
}

async function start(wanted: CallMode): Promise<void> {
  mode = wanted;
  showProblem(undefined);
  log.clear();
  byId("over").hidden = true;
  byId("nothing").hidden = true;
  if (isUnsaved) {
    log.note("The settings are not saved: this call uses those that were saved before.");
  }
  showState("connecting");
  showControls(true, mode);
  const calling = newCall();
  call = calling;
  if (mode === "webcall") {
    setMuted(pushToTalk.checked);
  }
  void measureTrips(FIRST_TRIPS);
  try {
    await calling.connect();
    if (card.dataset["state"] === "connecting") {
      showState("listening", mode === "chat" ? "Write something" : STATES.listening);
    }
  } catch (error) {
    if (call === calling) {
      call = undefined;
      showClosed("idle");
      byId("nothing").hidden = false;
      if (!wasGivenUp(error)) {
        showProblem(sentence(error));
      }
    }
  }
}

/** Whether a call was not begun because somebody pressed End. */
const wasGivenUp = (error: unknown): boolean =>
  ((error as Error).cause as Error | undefined)?.name === "AbortError";

/** What went wrong and what to do, in one sentence. */
function sentence(error: unknown): string {
  const { cause } = error as Error;
  return cause instanceof RequestFailed ? cause.message : explain(error);
}

function showClosed(state: "idle" | "ended", text?: string): void {
  showState(state, text);
  showControls(false, mode);
}

function newCall(): AtomsAgent {
  const own = mode;
  const calling = new AtomsAgent({
    apiKey: async () => {
      const path = `/console/agents/${agentId}/try/token`;
      return (await ask<{ access_token: string }>(path, { mode: own })).access_token;
    },
    agentId,
    baseUrl: location.origin,
    mode: own,
  });
  const clock = new PlaybackClock();
  /** Answers and stages come by two ways, each in its order: those that wait for their other half. */
  const untimed: Answer[] = [];
  const timed: TimedTurn[] = [];
  /** Whether the visitor has said something since the agent last spoke; else its turn is no answer. */
  let isAsked = false;
  let current: Answer | undefined;
  let leave: (gently: boolean) => void = () => undefined;
  let timer: ReturnType<typeof setInterval> | undefined;

  const showTimed = (): void => {
    while (untimed.length > 0 && timed.length > 0) {
      const answer = untimed.shift()!;
      // A chat has neither a wait, nor speech, nor a voice.
      answer.stages = stagesOf(timed.shift()!).filter(({ kind }) => own === "webcall" || kind === "llm");
      answer.networkMs = trips.oneWayMs;
      log.showLatency(answer);
      void measureTrips(1);
    }
  };
  const look = (): void => {
    const ms = clock.look(calling.outputLevel, performance.now());
    if (ms !== undefined && current) {
      current.playbackMs = ms;
      log.showLatency(current);
    }
    if (!clock.isWaiting) {
      clearInterval(timer);
      timer = undefined;
    }
  };
  // Nothing can be measured in a page that the browser has put to sleep.
  const doze = (): void => {
    if (document.hidden) {
      clock.giveUp();
    }
  };
  document.addEventListener("visibilitychange", doze);

  calling
    .on("session_started", ({ call_id }) => {
      byId<HTMLAnchorElement>("record").href = `/console/calls/${encodeURIComponent(call_id)}`;
      leave = followCall(call_id, {
        timed: (turn) => {
          timed.push(turn);
          showTimed();
        },
        toolAsked: (id, name, context) => log.toolAsked(id, name, context),
        toolAnswered: (id, answer) => log.toolAnswered(id, answer),
        stumbled: (stage, reason) => log.note(`${STAGES[stage] ?? stage} failed: ${reason}`),
      });
      if (own === "webcall") {
        watchLevels(calling);
      }
    })
    .on("agent_start_talking", () => {
      showState("talking", own === "chat" ? "Writing …" : STATES.talking);
      const answer = log.answer();
      current = answer;
      if (isAsked) {
        untimed.push(answer);
        showTimed();
      }
      isAsked = false;
      if (own === "webcall" && !document.hidden) {
        clock.arrived(performance.now());
        timer ??= setInterval(look, LOOK_MS);
      }
    })
    .on("agent_stop_talking", () => {
      log.agentStopped();
      clock.giveUp();
      showState("listening", own === "chat" ? "Write something" : STATES.listening);
    })
    .on("interruption", () => {
      log.interrupted();
      clock.giveUp();
    })
    .on("transcript_delta", ({ role, text }) => log.say(speakerOf(role), text, false))
    .on("transcript", ({ role, text }) => {
      log.say(speakerOf(role), text, true);
      if (role === "user") {
        isAsked = true;
        showState("thinking");
      }
    })
    .on("error", ({ code, message }) => showProblem(`${message} (${code})`))
    .on("session_ended", ({ reason }) => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", doze);
      leave(true);
      log.agentStopped();
      if (call === calling) {
        showClosed("ended", explainEnd(reason));
        byId("over").hidden = false;
      }
    });
  window.addEventListener("pagehide", () => leave(false), { once: true });
  return calling;
}

/** Follows the meters for as long as the call lasts. */
function watchLevels(calling: AtomsAgent): void {
  const look = (): void => {
    showLevels(calling.inputLevel, calling.outputLevel);
    if (call === calling && isInCall()) {
      requestAnimationFrame(look);
    }
  };
  requestAnimationFrame(look);
}

/** Measures how long a small request takes there and back, several times one after the other. */
async function measureTrips(times: number): Promise<void> {
  for (let trip = 0; trip < times; trip += 1) {
    const startedAt = performance.now();
    try {
      await fetch("/health", { cache: "no-store" });
    } catch {
      return;
    }
    trips.add(performance.now() - startedAt);
  }
}

/** Ends the call, also one that is still being opened. */
function end(): void {
  const isLive = call?.isConnected ?? false;
  call?.disconnect();
  if (!isLive) {
    showClosed("idle");
  }
}

talkButton.addEventListener("click", () => void start("webcall"));
chatButton.addEventListener("click", () => void start("chat").then(() => textField.focus()));
endButton.addEventListener("click", end);
muteButton.addEventListener("click", () => setMuted(!call?.isMuted));
pushToTalk.addEventListener("change", () => {
  showControls(isInCall(), mode);
  if (isInCall()) {
    setMuted(pushToTalk.checked);
  }
});
holdToTalk(
  holdButton,
  () => pushToTalk.checked && isInCall() && mode === "webcall",
  (held) => setMuted(!held),
);
typing.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = textField.value.trim();
  if (text !== "" && call?.isConnected) {
    call.sendText(text);
    textField.value = "";
  }
});

byId("settings").addEventListener("input", () => (isUnsaved = true));
byId("settings").addEventListener("submit", () => (isUnsaved = false));
window.addEventListener("beforeunload", (event) => {
  if (isUnsaved) {
    event.preventDefault();
  }
});
document.addEventListener("htmx:afterSwap", (event) => {
  if ((event.target as Element | null)?.id === "settings") {
    isUnsaved = (event.target as Element).querySelector(".wrong") !== null;
  }
});

byId("controls").hidden = false;
showControls(false, mode);
