import type { Devices } from "../devices.js";
import type { Language } from "../language.js";
import type { Labels } from "../labels/labels.js";
import type { Settings } from "../settings.js";
import type { Status, WidgetState } from "../states.js";
import type { Lines } from "../transcript.js";

/** Everything that is on show, as one value: the view is a function of it. */
export interface Scene {
  readonly settings: Settings;
  readonly labels: Labels;
  readonly language: Language;
  readonly direction: "ltr" | "rtl";
  /** The custom properties of the colours. */
  readonly palette: Readonly<Record<string, string>>;
  readonly status: Status;
  readonly state: WidgetState;
  readonly lines: Lines;
  /** Nothing is drawn before the agent's configuration is known, or is known not to come. */
  readonly isReady: boolean;
  readonly isOpen: boolean;
  /** The panel takes the whole screen. */
  readonly isCovering: boolean;
  readonly devices: Devices;
  readonly microphoneId: string;
  readonly speakerId: string;
}

/** What the visitor can do. */
export interface Actions {
  open(): void;
  close(): void;
  talk(): void;
  end(): void;
  setMuted(muted: boolean): void;
  /** Returns whether the text was taken. */
  send(text: string): boolean;
  retry(): void;
  agree(): void;
  chooseMicrophone(id: string): void;
  chooseSpeaker(id: string): void;
}

/** A part of the view: its element, and how it follows the scene. */
export interface Part {
  readonly element: HTMLElement;
  show(scene: Scene): void;
}
