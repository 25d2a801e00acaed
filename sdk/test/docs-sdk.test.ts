/** The code of docs/sdk.md, run as printed in a page whose browser and server the test plays. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { microphoneRequired, namedError } from "../src/errors.js";
import { DocsPage, printed } from "./docs-page.js";
import { settle } from "./fake-browser.js";
import { EXTENDED, resumed } from "./fake-platform.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The server lets the call in. */
async function accept({ platform }: DocsPage): Promise<void> {
  await settle();
  platform.socket.open();
  platform.socket.receive(EXTENDED);
  await settle();
}

async function livePage(): Promise<DocsPage> {
  const page = new DocsPage();
  const connecting = page.agent.connect();
  await accept(page);
  await connecting;
  return page;
}

const WORDS = [
  { text: "Good", start: 0.1, end: 0.4 },
  { text: "day.", start: 0.5, end: 0.8 },
];

test("connecting in a gesture opens a call with a fresh token", async () => {
  const page = new DocsPage();
  await page.run("Connect in a gesture");
  // The second piece of code took the button over.
  page.element("#talk").onclick?.();
  await settle();

  expect(page.platform.socket.url).toContain("token=wct_2");
});

test("captions come as words are heard", async () => {
  const page = await livePage();
  await page.run("Captions as words are heard");
  const { socket, sound } = page.platform;
  socket.receive({ type: "agent_start_talking", seq: 1, turn: 1 });
  socket.receive({ type: "caption", seq: 2, turn: 1, first: 0, words: WORDS });
  sound.at(1, 0.2 * 24000, "idle");
  expect(page.element("#line").textContent).toBe("Good ");
  sound.at(1, 24000, "idle");
  socket.receive({ type: "transcript", seq: 3, turn: 1, role: "assistant", text: "Good day." });

  expect(page.element("#line").textContent).toBe("Good day. ");
  expect(page.lines).toEqual(["assistant: Good day."]);
});

test("the banner says that the network is lost, that it is back, and that the call is over", async () => {
  const page = await livePage();
  await page.run("A network that breaks");
  const banner = page.element("#banner");
  page.platform.socket.drop(1006);
  expect(banner.textContent).toBe("Reconnecting, try 1 …");
  await vi.advanceTimersByTimeAsync(0);
  page.platform.socket.open();
  page.platform.socket.receive(resumed(0));
  expect(banner.textContent).toBe("");
  page.platform.socket.receive({ type: "session.closed", reason: "timeout" });

  expect(banner.textContent).toBe("The call has ended (timeout)");
});

test("the meters show both levels", async () => {
  const page = await livePage();
  await page.run("Meters");
  page.platform.sound.listener.levels(0.25, 0.5);

  expect([page.element("#you").value, page.element("#them").value]).toEqual([0.25, 0.5]);
});

test("the slider sets the volume", async () => {
  const page = await livePage();
  await page.run("Volume");
  page.element("#volume").value = "0.3";
  page.element("#volume").oninput?.();

  expect(page.platform.sound.volume).toBe(0.3);
});

test("push to talk is muted until the button is held", async () => {
  const page = new DocsPage();
  const running = page.run("Push to talk");
  await accept(page);
  await running;
  const { sound } = page.platform;
  const states = [sound.muted];
  page.element("button").onpointerdown?.();
  states.push(sound.muted);
  page.element("button").onpointerup?.();
  states.push(sound.muted);

  expect(states).toEqual([true, false, true]);
});

test("the microphone is opened by the button", async () => {
  const page = new DocsPage();
  const running = page.run("The microphone later");
  await accept(page);
  await running;
  expect(page.platform.sound.options.autoCaptureMic).toBe(false);
  expect(page.platform.sound.asked).toEqual([]);
  page.element("button").onclick?.();

  expect(page.platform.sound.asked).toEqual(["startMicrophone"]);
});

test("devices are listed, chosen, and told of when one is gone", async () => {
  const page = await livePage();
  await page.run("Devices");
  page.devices.push(
    { kind: "audioinput", label: "Headset", deviceId: "h1" },
    { kind: "audiooutput", label: "Loudspeaker", deviceId: "l1" },
  );
  page.mediaDevices.ondevicechange?.();
  await settle();
  const choice = page.element("#microphone");
  expect(choice.children).toEqual([{ label: "Headset", value: "h1" }]);
  choice.value = "h1";
  choice.onchange?.();
  page.platform.sound.listener.deviceChanged("input", undefined);

  expect(page.platform.sound.asked).toEqual(["input h1"]);
  expect(page.lines).toEqual(["input is now the default one"]);
});

test("a button asks for a tap while the voice is held back", async () => {
  const page = await livePage();
  await page.run("A voice that the browser holds back");
  const states = (["suspended", "playing"] as const).map((state) => {
    page.platform.sound.at(1, 0, state);
    return page.element("#tap").hidden;
  });

  expect(states).toEqual([false, true]);
});

test("a hint is shown when echo is measured", async () => {
  const page = await livePage();
  page.element("hint").hidden = true;
  await page.run("Half duplex");
  page.platform.sound.listener.problem("echo", "…");

  expect(page.element("hint").hidden).toBe(false);
});

test("what is typed is sent", async () => {
  const page = await livePage();
  await page.run("Type instead");

  expect(page.platform.socket.sent.at(-1)).toMatchObject({
    type: "input_text.send",
    text: "When are you open?",
  });
});

test("the time of an answer is written", async () => {
  const page = await livePage();
  await page.run("How long an answer took");
  page.platform.socket.receive({ type: "turn_metrics", seq: 1, turn: 2, text_ms: 300, total_ms: 800 });

  expect(page.lines).toEqual(["800 ms, of which the model 300"]);
});

test("errors and the end are written, and why there is no call", async () => {
  const page = new DocsPage();
  const running = page.run("Errors");
  await settle();
  page.platform.socket.drop(1006);
  await running;

  expect(page.lines).toEqual(["WebSocket connection failed ConnectionClosed"]);
});

test("what the visitor can do is told by the name of the cause", async () => {
  const page = new DocsPage();
  page.agent.connect = () => Promise.reject(microphoneRequired(namedError("NotAllowedError", "no")));
  await page.run("When connect rejects");

  expect(page.lines).toEqual(["Allow the microphone in the address bar, then try again."]);
});

/** A recipe without a test above would be one that nobody has tried. */
test("every piece of code is tried", () => {
  const tried = [
    "Connect in a gesture",
    "Captions as words are heard",
    "A network that breaks",
    "Meters",
    "Volume",
    "Push to talk",
    "The microphone later",
    "Devices",
    "A voice that the browser holds back",
    "Half duplex",
    "Type instead",
    "How long an answer took",
    "Errors",
    "When connect rejects",
    // In docs.test.ts.
    "Tools",
  ];

  expect([...new Set(printed("sdk.md", "js").map(({ heading }) => heading))].sort()).toEqual(tried.sort());
});

/** The native library of an app, as far as the code needs one. */
const NATIVE_AUDIO = `
export class Recorder {
  constructor(options: { sampleRate: number; channels: number; echoCancellation: boolean });
  onSamples: (samples: Int16Array) => void;
  onError: (error: unknown) => void;
  start(): Promise<void>;
  stop(): void;
}
export class Player {
  readonly queuedSeconds: number;
  readonly isInterrupted: boolean;
  start(options: { sampleRate: number; channels: number }): Promise<void>;
  enqueue(samples: Int16Array): void;
  stop(): void;
}
`;

/** For React Native and for Node, against the types of the package. */
test("the code for other platforms passes the compiler", () => {
  const sdk = fileURLToPath(new URL("..", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "vivavoce-docs-"));
  try {
    const [native] = printed("sdk.md", "ts");
    const [node] = printed("sdk.md", "js node");
    writeFileSync(join(folder, "native-audio.d.ts"), NATIVE_AUDIO);
    writeFileSync(join(folder, "native.ts"), native?.code ?? "");
    // Types that JavaScript leaves out.
    const typed = node?.code
      .replace("const heard = []", "const heard: Int16Array[] = []")
      .replace(/process\.env\.(\w+)/g, 'process.env["$1"]!');
    writeFileSync(join(folder, "node.ts"), typed ?? "");
    const paths = Object.fromEntries(
      [
        ["@vivavoce/agent-sdk", "src/index.ts"],
        ["@vivavoce/agent-sdk/headless", "src/headless.ts"],
        ["ws", "node_modules/@types/ws/index.d.ts"],
      ].map(([name, path]) => [name, [join(sdk, path!)]]),
    );
    const compilerOptions = { paths, typeRoots: [join(sdk, "node_modules/@types")] };
    const config = { extends: join(sdk, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const compiler = join(sdk, "node_modules/typescript/bin/tsc");
    let complaints = "";
    try {
      execFileSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      complaints = (error as { stdout: string }).stdout;
    }

    expect([native?.heading, node?.heading]).toEqual(["In React Native", "In Node"]);
    expect(complaints).toBe("");
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 30_000);
