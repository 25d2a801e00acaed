/** Try it: a call to the agent from its own page, with everything that can be known of it while it goes on. */
import "../waterfall.css";
import "./agents.css";
import "./try.css";
import { AtomsAgent, type CallMode } from "@vivavoce/agent-sdk";
import { speakerOf } from "../../pages/captions.js";
import { HeardWords } from "../../pages/heard-words.js";
import { holdToTalk } from "../../pages/push-to-talk.js";
import { explain, explainEnd } from "../../pages/server.js";
import { suspension } from "../../pages/suspension.js";
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
  shownState,
  showMuted,
  showProblem,
  showState,
  showSuspended,
  STATES,
  talkButton,
  textField,
  typing,
} from "../try-view.js";
import { stagesOf, type TimedTurn } from "../waterfall.js";

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
  /** The turn that is being played, or was played last. */
  let playedTurn = 0;
  /** Where the call stood before the network was lost. */
  let before = shownState();
  const words = new HeardWords();
  const followPlayback = suspension(showSuspended);
  let leave: (gently: boolean) => void = () => undefined;

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
  const showPlayback = (sinceMs: number): void => {
    const ms = clock.sounded(sinceMs);
    if (ms !== undefined && current) {
      current.playbackMs = ms;
      log.showLatency(current);
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
    })
    .on("levels", ({ input, output }) => {
      if (call === calling) {
        showLevels(input, output);
      }
    })
    .on("playback", (playback) => {
      followPlayback(playback);
      if (playback.state === "playing" && playback.turn !== playedTurn) {
        showPlayback(performance.now() - 1000 * playback.playedS);
      }
      playedTurn = playback.state === "playing" ? playback.turn : playedTurn;
    })
    .on("reconnecting", () => {
      if (shownState() !== "reconnecting") {
        before = shownState();
        showState("reconnecting");
      }
    })
    .on("reconnected", () => showState(before))
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
      }
    })
    .on("agent_stop_talking", () => {
      words.settle();
      log.agentStopped();
      clock.giveUp();
      showState("listening", own === "chat" ? "Write something" : STATES.listening);
    })
    .on("interruption", () => {
      log.interrupted();
      clock.giveUp();
    })
    .on("caption", (word) => {
      const heard = words.hear(word);
      if (heard) {
        log.say("agent", heard.text, false, heard.fresh);
      }
    })
    .on("transcript_delta", ({ role, text }) => {
      if (role === "user" || !words.isFollowing) {
        log.say(speakerOf(role), text, false);
      }
    })
    .on("transcript", ({ role, text, turn }) => {
      log.say(speakerOf(role), text, true);
      if (role === "user") {
        isAsked = true;
        showState("thinking");
      } else {
        words.settle(turn);
      }
    })
    .on("error", ({ code, message }) => showProblem(`${message} (${code})`))
    .on("session_ended", ({ reason }) => {
      followPlayback(undefined);
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
