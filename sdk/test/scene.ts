/** A page with an agent, and a server that the test plays. */
import { AtomsAgent } from "../src/agent.js";
import type { AtomsAgentConfig } from "../src/config.js";
import type { EventName } from "../src/events.js";
import { encodeBase64 } from "../src/pcm.js";
import { platformOf } from "../src/platform.js";
import { CREATED, FakeBrowser, settle } from "./fake-browser.js";

const NAMES: EventName[] = [
  "session_started",
  "session_ended",
  "agent_start_talking",
  "agent_stop_talking",
  "error",
  "transcript",
  "transcript_delta",
  "interruption",
  "function_call",
  "tools_declared",
  "tools_refused",
];

export interface Scene {
  readonly browser: FakeBrowser;
  readonly agent: AtomsAgent;
  /** Every event, in order: its name and what its handler got. */
  readonly events: [EventName, ...unknown[]][];
  /** The handlers that keep them. */
  readonly handlers: ReadonlyMap<EventName, (...args: unknown[]) => void>;
}

export function scene(config: Partial<AtomsAgentConfig> = {}, browser = new FakeBrowser()): Scene {
  const agent = new AtomsAgent({ apiKey: "sk_1", agentId: "a1", ...config }, platformOf(browser));
  const events: Scene["events"] = [];
  const handlers = new Map<EventName, (...args: unknown[]) => void>();
  for (const name of NAMES) {
    const handler = (...args: unknown[]): void => void events.push([name, ...args]);
    handlers.set(name, handler);
    agent.on(name, handler);
  }
  return { browser, agent, events, handlers };
}

/** A scene whose call is live. */
export async function liveScene(
  config: Partial<AtomsAgentConfig> = {},
  browser = new FakeBrowser(),
): Promise<Scene> {
  const made = scene(config, browser);
  const connecting = made.agent.connect();
  await accept(made);
  await connecting;
  return made;
}

export async function accept({ browser }: Scene, created: Record<string, unknown> = CREATED): Promise<void> {
  browser.socket.open();
  browser.socket.receive(created);
  await settle();
}

/** The worklet delivers a frame of the microphone. */
export const speak = ({ browser }: Scene): void => browser.microphone.say(new Int16Array(960).fill(16384));

export const audioOf = (count = 960): string => encodeBase64(new Uint8Array(2 * count));

export const rejection = (promise: Promise<void>): Promise<Error> =>
  promise.then(
    () => new Error("connect() resolved"),
    (error: unknown) => error as Error,
  );

/** What an error says to a program and to a person. */
export const describeError = (error: unknown): { name: string; message: string } => ({
  name: (error as Error).name,
  message: (error as Error).message,
});
