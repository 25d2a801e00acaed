import { attributeOf } from "./settings.js";

// Names of the older form. Source: wire-spec 3.8, `data-agent-id` and `data-greeting`.
const ALIASES: Readonly<Record<string, string>> = {
  agentId: "assistant-id",
  greeting: "chat-first-message",
};

/**
 * The attributes of the element that a script tag asks for with its `data-` attributes.
 *
 * @returns undefined where it names no agent: the page has an element of its own.
 */
export function attributesOf(
  data: Readonly<Record<string, string | undefined>>,
): Record<string, string> | undefined {
  if (!data["agentId"] && !data["assistantId"]) {
    return undefined;
  }
  const named = Object.entries(data).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(named.map(([name, value]) => [ALIASES[name] ?? attributeOf(name), value]));
}
