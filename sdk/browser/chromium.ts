/**
 * The distribution's Chromium, with a fake microphone that plays a WAV file.
 *
 * Preferably without the windows and menus that nobody sees: that takes a fifth of the processor's time.
 */
import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";

const EXECUTABLE = [
  process.env["VIVAVOCE_TEST_CHROMIUM"],
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
]
  .filter((path) => path !== undefined)
  .find((path) => existsSync(path));

export interface Launch {
  /** What the microphone hears, a WAV file; it is repeated without end unless `once`. */
  readonly microphone?: string;
  readonly once?: boolean;
  /** What the visitor answers to the prompt. */
  readonly permission?: "grant" | "deny";
  readonly extra?: readonly string[];
}

export async function launchChromium({
  microphone,
  once,
  permission,
  extra = [],
}: Launch = {}): Promise<Browser> {
  if (!EXECUTABLE) {
    throw new Error(
      "no Chromium found: install the package chromium, or name one with VIVAVOCE_TEST_CHROMIUM",
    );
  }
  const capture =
    microphone === undefined
      ? []
      : [`--use-file-for-fake-audio-capture=${microphone}${once ? "%noloop" : ""}`];
  const answer = permission === "deny" ? "=deny" : "";
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--use-fake-device-for-media-stream",
      `--use-fake-ui-for-media-stream${answer}`,
      ...capture,
      ...extra,
    ],
  });
}

/** What goes wrong in a page without being asked for: policy violations, uncaught errors, errors on the console. */
export interface Complaints {
  readonly texts: string[];
}

/** Listens for complaints of `page`, and for what the microphone and the audio contexts do. */
export async function watch(page: Page): Promise<Complaints> {
  const texts: string[] = [];
  page.on("pageerror", (error) => texts.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    // Browsers ask for an icon of every page; ours bring one, the bare test pages do not.
    if (message.type() === "error" && !message.location().url.endsWith("/favicon.ico")) {
      texts.push(`console: ${message.text()}`);
    }
  });
  await page.exposeFunction("complain", (text: string) => texts.push(text));
  await page.addInitScript(() => {
    const scope = window as unknown as {
      complain(text: string): void;
      streams: MediaStream[];
      contexts: AudioContext[];
    };
    document.addEventListener("securitypolicyviolation", (event) => {
      scope.complain(`policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
    scope.streams = [];
    scope.contexts = [];
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (devices) {
      const open = devices.getUserMedia.bind(devices);
      devices.getUserMedia = async (constraints) => {
        const stream = await open(constraints);
        scope.streams.push(stream);
        return stream;
      };
    }
    const Original = AudioContext;
    window.AudioContext = class extends Original {
      constructor(options?: AudioContextOptions) {
        super(options);
        scope.contexts.push(this);
      }
    };
  });
  return { texts };
}

/** The states of every microphone track and audio context that the page has opened. */
export function devices(page: Page): Promise<{ tracks: string[]; contexts: string[] }> {
  return page.evaluate(() => {
    const scope = window as unknown as { streams: MediaStream[]; contexts: AudioContext[] };
    return {
      tracks: scope.streams.flatMap((stream) => stream.getTracks().map((track) => track.readyState)),
      contexts: scope.contexts.map((context) => context.state),
    };
  });
}
