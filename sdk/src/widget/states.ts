/** Where a conversation stands: what happens to it, and what the visitor sees of that. Pure. */
import type { WidgetErrorCode } from "./errors.js";

export type WidgetState =
  | "idle"
  | "consent"
  | "connecting"
  | "listening"
  | "thinking"
  | "speaking"
  | "muted"
  | "reconnecting"
  | "error"
  | "ended";

/** `webcall` speaks, `chat` only writes. */
export type ConversationKind = "webcall" | "chat";

export interface Status {
  readonly phase: "idle" | "connecting" | "live" | "error" | "ended";
  readonly kind: ConversationKind;
  readonly speaking: boolean;
  /** The agent owes an answer. */
  readonly thinking: boolean;
  readonly muted: boolean;
  /** The network is lost, and the conversation waits for it. */
  readonly away: boolean;
  /** Why it failed, or what does not work while it goes on. */
  readonly error: WidgetErrorCode | undefined;
}

export const IDLE: Status = {
  phase: "idle",
  kind: "chat",
  speaking: false,
  thinking: false,
  muted: false,
  away: false,
  error: undefined,
};

export type Happening =
  | { readonly type: "asked"; readonly kind: ConversationKind }
  | { readonly type: "connected" }
  | { readonly type: "agent_start_talking" }
  | { readonly type: "agent_stop_talking" }
  | { readonly type: "user_said" }
  | { readonly type: "reconnecting" }
  | { readonly type: "reconnected" }
  | { readonly type: "muted"; readonly muted: boolean }
  | { readonly type: "problem"; readonly code: WidgetErrorCode }
  | { readonly type: "failed"; readonly code: WidgetErrorCode }
  | { readonly type: "ended" }
  | { readonly type: "cleared" };

/** The status after something has happened. */
export function after(status: Status, happening: Happening): Status {
  switch (happening.type) {
    case "asked":
      return { ...IDLE, phase: "connecting", kind: happening.kind };
    case "connected":
      return { ...status, phase: "live" };
    case "agent_start_talking":
      return { ...status, speaking: true, thinking: false };
    case "agent_stop_talking":
      return { ...status, speaking: false };
    case "user_said":
      return { ...status, thinking: true };
    case "reconnecting":
    case "reconnected":
      return { ...status, away: happening.type === "reconnecting" };
    case "muted":
      return { ...status, muted: happening.muted };
    case "problem":
      return { ...status, thinking: false, error: happening.code };
    case "failed":
      return { ...IDLE, kind: status.kind, phase: "error", error: happening.code };
    case "ended":
      return { ...IDLE, kind: status.kind, phase: "ended" };
    case "cleared":
      return { ...IDLE, kind: status.kind };
  }
}

/** What the visitor is told. */
export function stateOf(status: Status, needsConsent: boolean): WidgetState {
  switch (status.phase) {
    case "live":
      break;
    case "idle":
      return needsConsent ? "consent" : "idle";
    default:
      return status.phase;
  }
  if (status.away) {
    return "reconnecting";
  }
  if (status.speaking) {
    return "speaking";
  }
  if (status.thinking) {
    return "thinking";
  }
  return status.muted ? "muted" : "listening";
}

export const isRunning = ({ phase }: Status): boolean => phase === "connecting" || phase === "live";
