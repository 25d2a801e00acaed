import type { WidgetErrorCode } from "../errors.js";
import type { WidgetState } from "../states.js";

/** Everything that the widget says in one language. */
export interface Labels {
  /** What stands in for texts that neither the page nor the agent's configuration gives. */
  readonly title: string;
  readonly ctaName: string;
  readonly start: string;
  readonly end: string;
  readonly placeholder: string;
  readonly consentTitle: string;
  readonly consentContent: string;
  readonly chatEmpty: string;
  readonly voiceEmpty: string;
  readonly voiceActiveEmpty: string;
  readonly hybridEmpty: string;

  readonly consentAgree: string;
  readonly consentContinue: string;
  readonly close: string;
  readonly endChat: string;
  readonly send: string;
  readonly mute: string;
  readonly unmute: string;
  readonly settings: string;
  readonly microphone: string;
  readonly speaker: string;
  readonly defaultDevice: string;
  readonly conversation: string;
  readonly you: string;
  readonly agent: string;
  readonly interrupted: string;
  readonly retry: string;
  readonly again: string;
  /** On the launcher, while a conversation goes on behind the closed panel. */
  readonly running: string;

  /** Where the conversation stands. */
  readonly states: Readonly<Record<WidgetState, string>>;
  /** The next step in each state of a call; may be empty. */
  readonly hints: Readonly<Record<WidgetState, string>>;
  /** The same where one writes: `hint` beside the button to talk, `goOn` below a chat that has ended. */
  readonly chat: Readonly<Record<"online" | "writing" | "hint" | "goOn", string>>;
  /** Each says what happened and what to do. */
  readonly errors: Readonly<Record<WidgetErrorCode, string>>;
}
