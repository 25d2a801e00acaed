/**
 * How a widget looks and behaves: an attribute counts more than the agent's configuration, that more than the default.
 *
 * Source: wire-spec 3.8 (attributes and defaults) and 2.5 (the agent's configuration).
 */
import { DARK, LIGHT, type Colours } from "./colours.js";

interface Choices {
  readonly mode: "chat" | "voice" | "hybrid";
  readonly position: "bottom-right" | "bottom-left" | "top-right" | "top-left";
  readonly size: "tiny" | "compact" | "full";
  readonly theme: "light" | "dark" | "auto";
}

/** Texts of the operator; where there is none, the label of the visitor's language is used. */
interface Texts {
  readonly title: string;
  readonly widgetName: string;
  readonly ctaName: string;
  readonly ctaTitle: string;
  readonly ctaSubtitle: string;
  readonly startButtonText: string;
  readonly endButtonText: string;
  readonly chatPlaceholder: string;
  readonly chatFirstMessage: string;
  readonly avatarUrl: string;
  readonly voiceEmptyMessage: string;
  readonly voiceActiveEmptyMessage: string;
  readonly chatEmptyMessage: string;
  readonly hybridEmptyMessage: string;
  readonly consentTitle: string;
  readonly consentContent: string;
  readonly consentStorageKey: string;
}

interface Flags {
  readonly consentRequired: boolean;
  readonly voiceShowTranscript: boolean;
}

export interface Settings extends Choices, Colours, Flags, Readonly<Partial<Texts>> {
  /** Pixels, 0 to 50. */
  readonly borderRadius: number;
}

const CHOICES: { readonly [Name in keyof Choices]: readonly [Choices[Name], ...Choices[Name][]] } = {
  mode: ["chat", "voice", "hybrid"],
  position: ["bottom-right", "bottom-left", "top-right", "top-left"],
  size: ["full", "compact", "tiny"],
  theme: ["light", "dark", "auto"],
};

const FLAGS: Flags = { consentRequired: false, voiceShowTranscript: true };

const TEXTS: readonly (keyof Texts)[] = [
  "title",
  "widgetName",
  "ctaName",
  "ctaTitle",
  "ctaSubtitle",
  "startButtonText",
  "endButtonText",
  "chatPlaceholder",
  "chatFirstMessage",
  "avatarUrl",
  "voiceEmptyMessage",
  "voiceActiveEmptyMessage",
  "chatEmptyMessage",
  "hybridEmptyMessage",
  "consentTitle",
  "consentContent",
  "consentStorageKey",
];

const COLOURS = Object.keys(LIGHT) as (keyof Colours)[];

/** Pixels. */
const RADIUS = { least: 0, most: 50, usual: 16 } as const;

// A server tells an agent's configuration with its defaults. These were not chosen by anybody, and must not
// stand in the way of the visitor's language or of the dark theme.
const UNSAID: Readonly<Record<string, readonly string[]>> = {
  title: ["Talk with AI"],
  widgetName: ["Atoms"],
  ctaName: ["Talk to Atoms"],
  startButtonText: ["Start"],
  endButtonText: ["End"],
  chatPlaceholder: ["Type your message..."],
  consentTitle: ["Privacy Agreement"],
  ...Object.fromEntries(COLOURS.map((name) => [name, [LIGHT[name]]])),
};

/** Every setting, in the camel case of the properties. */
export const SETTING_NAMES: readonly string[] = [
  ...Object.keys(CHOICES),
  "borderRadius",
  ...COLOURS,
  ...TEXTS,
  ...Object.keys(FLAGS),
];

/** The attribute of a property: `assistantId` is `assistant-id`. */
export const attributeOf = (property: string): string =>
  property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

type Source = (name: string) => unknown;

/**
 * The settings in force; a value that is not understood counts as absent.
 *
 * @param attribute The text of the attribute for a property; null where there is none.
 * @param config What the server says of the agent's widget.
 * @param prefersDark What the visitor's system prefers, for the theme `auto`.
 * @param isColour Whether the browser knows a colour.
 */
export function settle(
  attribute: (property: string) => string | null,
  config: Readonly<Record<string, unknown>> = {},
  prefersDark = false,
  isColour: (text: string) => boolean = () => true,
): Settings {
  const sources: Source[] = [
    attribute,
    (name) => {
      const value = config[name];
      const unsaid = UNSAID[name]?.some((text) => text.toLowerCase() === String(value).toLowerCase());
      return unsaid ? undefined : value;
    },
  ];
  const first = <Value>(name: string, read: (value: unknown) => Value | undefined): Value | undefined => {
    for (const source of sources) {
      const value = read(source(name));
      if (value !== undefined) {
        return value;
      }
    }
    return undefined;
  };
  const choice = <Name extends keyof Choices>(name: Name): Choices[Name] =>
    first(name, (value) => CHOICES[name].find((one) => one === value)) ?? CHOICES[name][0];
  const flag = (name: keyof Flags): boolean => first(name, flagOf) ?? FLAGS[name];
  const colourOf = (value: unknown): string | undefined => {
    const text = textOf(value);
    return text !== undefined && isColour(text) ? text : undefined;
  };
  const theme = choice("theme");
  const defaults = theme === "dark" || (theme === "auto" && prefersDark) ? DARK : LIGHT;
  const named = (
    names: readonly string[],
    read: (value: unknown) => string | undefined = textOf,
  ): [string, string][] =>
    names.flatMap((name) => {
      const value = first(name, read);
      return value === undefined ? [] : [[name, value] as [string, string]];
    });
  return {
    mode: choice("mode"),
    position: choice("position"),
    size: choice("size"),
    theme,
    borderRadius: first("borderRadius", radiusOf) ?? RADIUS.usual,
    consentRequired: flag("consentRequired"),
    voiceShowTranscript: flag("voiceShowTranscript"),
    ...defaults,
    ...(Object.fromEntries(named(COLOURS, colourOf)) as Partial<Colours>),
    ...(Object.fromEntries(named(TEXTS)) as Partial<Texts>),
  };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value : undefined;

/** As in HTML, an attribute that is there says yes; `false` as its text says no. */
function flagOf(value: unknown): boolean | undefined {
  if (typeof value === "boolean") {
    return value;
  }
  return typeof value === "string" ? value.trim().toLowerCase() !== "false" : undefined;
}

function radiusOf(value: unknown): number | undefined {
  const text = typeof value === "string" ? value.trim().replace(/px$/, "") : value;
  const pixels = text === "" || text === null || text === undefined ? Number.NaN : Number(text);
  return Number.isFinite(pixels) ? Math.min(Math.max(pixels, RADIUS.least), RADIUS.most) : undefined;
}
