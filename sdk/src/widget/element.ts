import type { ToolHandler, ToolSchema } from "../tools.js";
import { coloursOf, palette } from "./colours.js";
import { hasAgreed, rememberAgreement } from "./consent.js";
import { Conversation, type ConversationListener } from "./conversation.js";
import { connectedDevices, microphoneAllowed, NO_DEVICES } from "./devices.js";
import { Embedding } from "./embedding.js";
import { codeOf, type WidgetErrorCode } from "./errors.js";
import { chooseDirection, chooseLanguage, labelsOf } from "./language.js";
import { attributeOf, SETTING_NAMES, settle, type Settings } from "./settings.js";
import { stateOf, type ConversationKind, type WidgetState } from "./states.js";
import { isColour, plainColour } from "./view/plain-colour.js";
import type { Actions, Scene } from "./view/scene.js";
import { draw, type View } from "./view/view.js";

/** Where the panel covers the page; the style sheet has the same words. */
const COVERING = "(width <= 480px), (height <= 420px)";

// Servers import the widget too, and have no elements.
const Base = (typeof HTMLElement === "undefined" ? class {} : HTMLElement) as typeof HTMLElement;

/** The properties of the element: each is the text of its attribute, and null takes that away. */
export const PROPERTY_NAMES: readonly string[] = ["assistantId", "server", ...SETTING_NAMES];

/**
 * A button in the corner of a page, and behind it a conversation with an agent.
 *
 * Everything is set by attributes; a change shows at once.
 */
export class VivavoceWidget extends Base {
  static readonly observedAttributes = [...PROPERTY_NAMES.map(attributeOf), "lang", "dir"];

  readonly #conversation: Conversation;
  readonly #embedding = new Embedding((name) => this.getAttribute(name));
  #view: View | undefined;
  /** The agent's configuration is known, or known not to come. */
  #isReady = false;
  #isOpen = false;
  #hasAgreed = false;
  #devices = NO_DEVICES;
  #shownState: WidgetState | undefined;
  /** What was last wished for, so that `retry()` can do it again. */
  #wanted: ConversationKind = "chat";
  #isScheduled = false;
  /** Ends the listeners of the time in the page. */
  #stay = new AbortController();

  constructor() {
    super();
    const listener: ConversationListener = {
      changed: () => this.#update(),
      event: (name, detail) => this.#emit(`atoms-${name}`, detail),
      failed: (code, reason, isFatal) => this.#failed(code, reason, isFatal),
      token: (party, kind, signal) => this.#embedding.token(party, kind, signal),
      microphoneAllowed,
    };
    this.#conversation = new Conversation(listener);
  }

  /** What the visitor is told. */
  get state(): WidgetState {
    return stateOf(this.#conversation.status, this.#needsConsent(this.#settings()));
  }

  /** Whether the panel is open. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The running or last call's id, the key of its record in the REST API. */
  get callId(): string | undefined {
    return this.#conversation.callId;
  }

  /** Opens the panel. */
  open(): void {
    if (this.#isOpen || !this.isConnected) {
      return;
    }
    this.#isOpen = true;
    if (!this.#embedding.config) {
      void this.#load();
    }
    void this.#listDevices();
    this.#emit("atoms-open", undefined);
    this.#show();
  }

  /** Closes the panel; a conversation goes on behind the button. */
  close(): void {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#emit("atoms-close", undefined);
      this.#show();
    }
  }

  /**
   * Opens the panel and begins a conversation, after the visitor's consent where that is required.
   *
   * Call it in a click or key handler: browsers play sound only after a gesture.
   *
   * @param kind Default: what the mode of the widget says.
   */
  start(kind?: ConversationKind): void {
    this.open();
    const wanted = kind ?? (this.#settings().mode === "chat" ? "chat" : "webcall");
    const party = this.#embedding.party();
    const { isRunning, status } = this.#conversation;
    const isThere = isRunning && (kind === undefined || kind === status.kind);
    if (!party || this.#needsConsent(this.#settings()) || isThere) {
      return;
    }
    this.#wanted = wanted;
    this.#conversation.start(party, wanted);
  }

  /** Ends the conversation. */
  end(): void {
    this.#conversation.end();
  }

  /** Mutes the microphone, or with `false` unmutes it. */
  mute(muted = true): void {
    this.#conversation.setMuted(muted);
  }

  /** Says something in writing, and begins a conversation for it where there is none. */
  sendText(text: string): void {
    if (text.trim() !== "") {
      this.#send(text.trim());
    }
  }

  /** Offers a tool of the page to the agent; as in the SDK. */
  registerTool(name: string, schema: ToolSchema | null, handler: ToolHandler): void {
    this.#conversation.registerTool(name, schema, handler);
  }

  connectedCallback(): void {
    for (const name of PROPERTY_NAMES) {
      this.#adopt(name);
    }
    this.#stay = new AbortController();
    this.#view ??= draw(
      this.attachShadow({ mode: "open" }),
      this.#actions(),
      () => this.#conversation.levels,
    );
    this.#listen(this.#stay.signal);
    void this.#load();
  }

  disconnectedCallback(): void {
    this.#stay.abort();
    this.#embedding.drop();
    this.#conversation.end();
    this.#isOpen = false;
    this.#isReady = false;
    this.#view?.show(this.#scene());
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now || !this.#view || !this.isConnected) {
      return;
    }
    if (name === "assistant-id" || name === "server") {
      this.#conversation.end();
      void this.#load();
    }
    this.#update();
  }

  /** A property that a framework set before the element was defined becomes its attribute. */
  #adopt(name: string): void {
    if (Object.hasOwn(this, name)) {
      const value = Reflect.get(this, name) as unknown;
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }

  #actions(): Actions {
    return {
      open: () => this.open(),
      close: () => this.close(),
      talk: () => this.start("webcall"),
      end: () => this.end(),
      setMuted: (muted) => this.mute(muted),
      send: (text) => this.#send(text),
      retry: () => this.start(this.#wanted),
      agree: () => {
        this.#hasAgreed = true;
        rememberAgreement(this.#settings().consentStorageKey);
        this.#update();
      },
      chooseMicrophone: (id) => void this.#conversation.chooseMicrophone(id),
      chooseSpeaker: (id) => void this.#conversation.chooseSpeaker(id),
    };
  }

  #listen(signal: AbortSignal): void {
    const update = (): void => this.#update();
    for (const query of [COVERING, "(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)"]) {
      matchMedia(query).addEventListener("change", update, { signal });
    }
    const viewport = window.visualViewport;
    const fit = (): void => {
      if (viewport) {
        this.#view?.fit(viewport.height, viewport.offsetTop);
      }
    };
    viewport?.addEventListener("resize", fit, { signal });
    viewport?.addEventListener("scroll", fit, { signal });
    fit();
    const media = navigator.mediaDevices as MediaDevices | undefined;
    media?.addEventListener("devicechange", () => void this.#listDevices(), { signal });
  }

  /** Asks how the agent's widget looks. */
  async #load(): Promise<void> {
    this.#conversation.clear();
    const loaded = await this.#embedding.load();
    if (!loaded) {
      return;
    }
    const { refusal } = loaded;
    if (refusal && !this.#conversation.isRunning) {
      this.#conversation.fail(codeOf(refusal), refusal.code);
    }
    this.#isReady = true;
    this.#show();
  }

  #failed(code: WidgetErrorCode, reason: string, isFatal: boolean): void {
    if (code === "microphone_blocked") {
      console.error(
        'Vivavoce: this page may not use the microphone. Give its frame allow="microphone", ' +
          "and do not forbid it with a Permissions-Policy header.",
      );
    } else if (code === "server" && reason === "WorkletError") {
      console.error("Vivavoce: the page's content security policy must allow script-src of the server");
    }
    this.#emit("atoms-error", { code, message: this.#labels().errors[code], reason, fatal: isFatal });
  }

  #send(text: string): boolean {
    const party = this.#embedding.party();
    if (!party || this.#needsConsent(this.#settings())) {
      return false;
    }
    if (!this.#conversation.isRunning) {
      this.#wanted = "chat";
      this.#conversation.start(party, "chat");
    }
    this.#conversation.say(text);
    return true;
  }

  async #listDevices(): Promise<void> {
    this.#devices = await connectedDevices();
    this.#update();
  }

  #settings(): Settings {
    const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
    return settle(
      (name) => this.getAttribute(attributeOf(name)),
      this.#embedding.config,
      prefersDark,
      isColour,
    );
  }

  #labels(): Scene["labels"] {
    return labelsOf(this.#language());
  }

  #language(): Scene["language"] {
    const page = this.parentElement?.closest("[lang]")?.getAttribute("lang");
    return chooseLanguage([this.getAttribute("lang"), page, ...navigator.languages]);
  }

  #needsConsent({ consentRequired, consentStorageKey }: Settings): boolean {
    return consentRequired && !this.#hasAgreed && !hasAgreed(consentStorageKey);
  }

  #scene(): Scene {
    const settings = this.#settings();
    const language = this.#language();
    const around = this.parentElement ? getComputedStyle(this.parentElement).direction : "ltr";
    const { status, lines, microphoneId, speakerId } = this.#conversation;
    return {
      settings,
      labels: labelsOf(language),
      language,
      direction: chooseDirection(this.getAttribute("dir"), language, around),
      palette: palette(coloursOf(settings), plainColour),
      status,
      state: stateOf(status, this.#needsConsent(settings)),
      lines,
      isReady: this.#isReady,
      isOpen: this.#isOpen,
      isCovering: this.#isOpen && matchMedia(COVERING).matches,
      devices: this.#devices,
      microphoneId,
      speakerId,
    };
  }

  /** Shows what is, once for all changes that are made together. */
  #update(): void {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      queueMicrotask(() => {
        this.#isScheduled = false;
        this.#show();
      });
    }
  }

  #show(): void {
    if (!this.isConnected || !this.#view) {
      return;
    }
    const scene = this.#scene();
    this.#view.show(scene);
    if (scene.state !== this.#shownState) {
      this.#shownState = scene.state;
      this.#emit("atoms-state", { state: scene.state });
      if (scene.state === "listening") {
        // The names of the devices are known once the microphone was allowed.
        void this.#listDevices();
      }
    }
  }

  #emit(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

/** Texts of attributes; null where there is none. A boolean or a number that is set becomes its text. */
type Properties = {
  [Name in Exclude<keyof Settings, "title"> | "assistantId" | "server"]: string | null;
};

// Defined by name where the element is.
export interface VivavoceWidget extends Properties {}
