import { defineConfig } from "vitest/config";

// Where something is said and heard: the fake microphone plays in real time, so three files at a time are what two cores
// serve. A Chromium that is starved of the processor for a moment may try its test again.
const SPOKEN = [
  "audio",
  "audio-engine",
  "captions",
  "console-calls",
  "console-try",
  "guide",
  "headless",
  "opus",
  "resume",
  "server",
  "synthflow",
  "talk-page",
  "tools",
  "widget",
].map((name) => `browser/${name}.test.ts`);
const browser = { testTimeout: 90_000, hookTimeout: 90_000, retry: 1 };

// Three kinds of test: pure ones in Node, with fakes of the browser; pages in a real Chromium; and conversations there.
export default defineConfig({
  test: {
    projects: [
      // They keep nothing in their modules: a process of its own for each file would take twice the time.
      { test: { name: "unit", include: ["test/**/*.test.ts"], pool: "threads", isolate: false } },
      { test: { ...browser, name: "pages", include: ["browser/**/*.test.ts"], exclude: SPOKEN } },
      { test: { ...browser, name: "spoken", include: SPOKEN } },
    ],
  },
});
