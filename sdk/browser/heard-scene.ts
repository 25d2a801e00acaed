/** A live call in Chromium whose loudspeaker is captured sample by sample, with the moment of each event. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { named, openBare, withVisitor } from "./call-scene.js";
import type { Complaints } from "./chromium.js";
import { connect, until } from "./scene.js";
import type { Sound } from "./sound.js";
import { Vivavoce } from "./vivavoce.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** An event, and how long the audio context had been heard by then, in seconds: the time of the captured output. */
export interface HeardEvent {
  readonly name: string;
  readonly event: unknown;
  readonly atS: number;
}

interface HeardWindow {
  heard: HeardEvent[];
  contexts: AudioContext[];
  captured: unknown[];
}

export interface Voiced {
  readonly server: Vivavoce;
  /** The file with the times that the voice `untold` keeps from the server. */
  readonly truth: string;
  /** Ends the server, and takes its folders away. */
  readonly stop: () => Promise<void>;
}

/** Starts the real server with its own voice, or with one of `caption_voices.py`. */
export async function startWithVoice(
  voice: "espeak" | "scale" | "untold",
  settings: Record<string, string> = {},
): Promise<Voiced> {
  const folder = mkdtempSync(join(tmpdir(), "vivavoce-voices-"));
  const truth = join(folder, "truth.jsonl");
  // What an installed package leaves behind is all that the server looks for.
  const info = join(folder, "caption_voices-1.dist-info");
  mkdirSync(info);
  writeFileSync(join(info, "METADATA"), "Metadata-Version: 2.1\nName: caption-voices\nVersion: 1\n");
  writeFileSync(
    join(info, "entry_points.txt"),
    "[vivavoce.tts]\nscale = caption_voices:open_scale\nuntold = caption_voices:open_untold\n",
  );
  const server = await Vivavoce.start({
    PYTHONPATH: `${folder}:${HERE}`,
    PYTHONDONTWRITEBYTECODE: "1",
    VIVAVOCE_TTS: voice,
    VIVAVOCE_LLM: "scripted",
    VIVAVOCE_STT: "scripted",
    VIVAVOCE_ENGINE_UNTOLD_TRUTH: truth,
    ...settings,
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true });
  };
  return { server, truth, stop };
}

export interface HeardCall {
  readonly server: Vivavoce;
  /** What the agent says first. */
  readonly greeting: string;
  /** What the visitor says, once, from the moment the microphone opens. */
  readonly visitor: Sound;
  readonly config?: Record<string, unknown>;
}

/** Runs `use` in a live call whose output is captured from its first sample. */
export async function inHeardCall(
  { server, greeting, visitor, config }: HeardCall,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const agentId = await server.agent({ name: "Captioned", firstMessage: greeting });
  const run = async (page: Page, complaints: Complaints): Promise<void> => {
    await page.addInitScript(captureLoudspeaker, readFileSync(`${HERE}bare/recorder.js`, "utf8"));
    await openBare(page, server);
    await page.evaluate(keepEvents);
    const outcome = await connect(page, { apiKey: server.key, agentId, ...config });
    expect(outcome).toEqual({ connected: true });
    await use(page);
    // A visitor who is merely gone would be waited for, also by a server that is to stop.
    await page.evaluate(() => window.agent.disconnect());
    await until("the end", async () => (await named(page, "session_ended")).length > 0);
    // What the browser says of broken sockets is no complaint of the page's.
    expect(complaints.texts.filter((text) => !text.includes("WebSocket connection to"))).toEqual([]);
  };
  // The recorder is no part of the page, whose policy would refuse it.
  await withVisitor(visitor, run, { bypassCSP: true });
}

/** In the page, before its scripts: has a recorder beside the loudspeaker as soon as there is one. */
function captureLoudspeaker(recorder: string): void {
  const scope = window as unknown as HeardWindow;
  scope.captured = [];
  const script = URL.createObjectURL(new Blob([recorder], { type: "text/javascript" }));
  const load = AudioWorklet.prototype.addModule;
  AudioWorklet.prototype.addModule = async function (this: AudioWorklet, ...args) {
    await load.call(this, script);
    return load.apply(this, args);
  };
  const join = AudioNode.prototype.connect as (this: AudioNode, ...args: unknown[]) => unknown;
  AudioNode.prototype.connect = function (this: AudioNode, ...args: unknown[]) {
    if (
      this instanceof AudioWorkletNode &&
      this.numberOfInputs === 0 &&
      args[0] === this.context.destination
    ) {
      const recorder = new AudioWorkletNode(this.context, "recorder");
      recorder.port.onmessage = ({ data }) => scope.captured.push(data);
      join.call(this, recorder);
      // Its output is silence.
      join.call(recorder, this.context.destination);
    }
    return join.apply(this, args);
  } as typeof AudioNode.prototype.connect;
}

/**
 * In the page, before the call: keeps events with the time of the sound that is heard meanwhile.
 *
 * Chromium moves the output's clock by a buffer at a time, and says when it did: the moment is exact to one, 10 ms.
 */
function keepEvents(): void {
  const scope = window as unknown as HeardWindow;
  scope.heard = [];
  document.querySelector("#go")!.addEventListener("click", () => {
    const agent = window.agent as unknown as { on(name: string, handler: (event: unknown) => void): void };
    for (const name of ["caption", "transcript_delta", "reconnecting", "reconnected"]) {
      agent.on(name, (event) => {
        const nowMs = performance.now();
        const { contextTime = 0, performanceTime = 0 } = scope.contexts[0]!.getOutputTimestamp();
        scope.heard.push({ name, event, atS: contextTime + (nowMs - performanceTime) / 1000 });
        if (name !== "transcript_delta") {
          window.events.push([name, event]);
        }
      });
    }
  });
}

/** The events of one name, with their moments. */
export const heardEvents = async (page: Page, name: string): Promise<HeardEvent[]> =>
  (await page.evaluate(() => (window as unknown as HeardWindow).heard)).filter((one) => one.name === name);
