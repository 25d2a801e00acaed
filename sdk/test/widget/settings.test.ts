import { describe, expect, test } from "vitest";
import { attributeOf, SETTING_NAMES, settle } from "../../src/widget/settings.js";

/** The attributes of an element, by the names of their properties. */
const element =
  (attributes: Readonly<Record<string, string>> = {}) =>
  (name: string): string | null =>
    attributes[name] ?? null;

describe("the settings", () => {
  /** What the page says counts more than what the agent says, and that more than the default. */
  test("follow attribute, then configuration, then default", () => {
    const config = { position: "top-left", borderRadius: 4, ctaName: "From the agent", mode: "voice" };
    const settings = settle(element({ position: "bottom-left", borderRadius: "30" }), config);

    expect(settings).toMatchObject({
      position: "bottom-left",
      borderRadius: 30,
      ctaName: "From the agent",
      mode: "voice",
      size: "full",
    });
  });

  /** Source: wire-spec 3.8. Texts have no default here: the visitor's language gives them. */
  test("have the documented defaults", () => {
    expect(settle(element())).toEqual({
      mode: "chat",
      position: "bottom-right",
      size: "full",
      theme: "light",
      borderRadius: 16,
      baseColor: "#ffffff",
      accentColor: "#2d9d9f",
      ctaButtonColor: "#000000",
      ctaButtonTextColor: "#ffffff",
      agentBubbleColor: "#f3f4f6",
      textOnAccentColor: "#ffffff",
      secondaryTextColor: "#6b7280",
      primaryTextColor: "#111827",
      consentRequired: false,
      voiceShowTranscript: true,
    });
  });

  /** A typing error must not take the widget from a page. */
  test.each([
    ["mode", "telepathy", "chat"],
    ["position", "middle", "bottom-right"],
    ["borderRadius", "round", 16],
    ["borderRadius", "-3", 0],
    ["borderRadius", "99", 50],
    ["borderRadius", "12px", 12],
    ["title", "  ", undefined],
  ])("take %s=%j as %j", (name, value, expected) => {
    const settings = settle(element({ [name]: value })) as unknown as Record<string, unknown>;

    expect(settings[name]).toBe(expected);
  });

  /** As in HTML, what is there says yes, unless it says no. */
  test.each([
    ["", true],
    ["true", true],
    ["false", false],
  ])("take consent-required=%j as %s", (value, expected) => {
    expect(settle(element({ consentRequired: value })).consentRequired).toBe(expected);
  });

  /** A page may take back what the agent requires of others. */
  test("let a page say no to a flag of the agent", () => {
    const settings = settle(element({ voiceShowTranscript: "false" }), { voiceShowTranscript: true });

    expect(settings.voiceShowTranscript).toBe(false);
  });

  /** Defaults that a server tells along were chosen by nobody: language and theme go before them. */
  test("pass over the defaults in a configuration", () => {
    const config = { theme: "dark", baseColor: "#FFFFFF", title: "Talk with AI", startButtonText: "Go" };
    const settings = settle(element(), config);

    expect(settings.title).toBeUndefined();
    expect(settings.startButtonText).toBe("Go");
    expect(settings.baseColor).toBe("#16181d");
  });

  /** What the page itself says is meant, even where it is the default. */
  test("keep a default that the page says", () => {
    expect(settle(element({ baseColor: "#ffffff", theme: "dark" })).baseColor).toBe("#ffffff");
  });

  /** The theme of the visitor's system, where the page asks for it. */
  test.each([
    [true, "#16181d"],
    [false, "#ffffff"],
  ])("with the theme auto and a preference for dark: %s, have the ground %s", (prefersDark, expected) => {
    expect(settle(element({ theme: "auto" }), {}, prefersDark).baseColor).toBe(expected);
  });
});

/** A misspelt colour must not make a panel transparent. */
test("a colour that the browser does not know counts as absent", () => {
  const isColour = (text: string): boolean => text !== "bluu";
  const settings = settle(
    (name) => (name === "baseColor" ? "bluu" : null),
    { baseColor: "navy" },
    false,
    isColour,
  );

  expect(settings.baseColor).toBe("navy");
});

/** Kebab case for HTML, camel case for programs. */
test("an attribute is its property in kebab case", () => {
  expect(["assistantId", "ctaButtonTextColor", "mode"].map(attributeOf)).toEqual([
    "assistant-id",
    "cta-button-text-color",
    "mode",
  ]);
  expect(new Set(SETTING_NAMES).size).toBe(SETTING_NAMES.length);
});
