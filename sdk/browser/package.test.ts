/** The built package, as other programs load it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));

/** What a fresh Node prints that runs this code: no window, no document. */
const run = (kind: "module" | "commonjs", code: string): string =>
  execFileSync(process.execPath, [`--input-type=${kind}`, "--eval", code], { encoding: "utf8" }).trim();

const USE =
  "new AtomsAgent({ apiKey: '', agentId: '' }).connect().catch((e) => console.log(e.message, e.cause.name));";

/** Frameworks import the package on their server; it must load there, and fail only when it is used. */
test.each([
  ["module", `import { AtomsAgent } from ${JSON.stringify(`${DIST}index.js`)}; ${USE}`],
  ["commonjs", `const { AtomsAgent } = require(${JSON.stringify(`${DIST}index.cjs`)}); ${USE}`],
] as const)("the package loads as %s where there is no document", (kind, code) => {
  expect(run(kind, code)).toBe("WebSocket connection failed TypeError");
});

const HEADLESS =
  "new AtomsAgent({ apiKey: 'k', agentId: 'a', baseUrl: 'ws://127.0.0.1:1' }, headlessPlatform())";
const TELL = ".connect().catch((e) => console.log(e.message, e.cause.name));";

/** Programs bring their own sound; without a source there is no microphone. */
test.each([
  [
    "module",
    `import { AtomsAgent } from ${JSON.stringify(`${DIST}index.js`)};
     import { headlessPlatform } from ${JSON.stringify(`${DIST}headless.js`)}; ${HEADLESS}${TELL}`,
  ],
  [
    "commonjs",
    `const { AtomsAgent } = require(${JSON.stringify(`${DIST}index.cjs`)});
     const { headlessPlatform } = require(${JSON.stringify(`${DIST}headless.cjs`)}); ${HEADLESS}${TELL}`,
  ],
] as const)("the entry for programs loads as %s", (kind, code) => {
  const prelude = "globalThis.WebSocket ??= class { close() {} };";

  expect(run(kind, `${code.replace("new AtomsAgent", `${prelude} new AtomsAgent`)}`)).toBe(
    "Microphone access required NotFoundError",
  );
});

/** The engine of React Native does not know `import.meta`, not even where it is never reached. */
test.each(["index.cjs", "headless.cjs"])("%s can be read by an engine without modules", (name) => {
  expect(readFileSync(`${DIST}${name}`, "utf8")).not.toContain("import.meta");
});

/** Strict pages allow neither: the bundle must not contain them. */
test.each(["agent-sdk.browser.js", "index.js", "worklets/capture.js", "worklets/playback.js"])(
  "%s evaluates no text and makes no blob",
  (name) => {
    expect(readFileSync(`${DIST}${name}`, "utf8")).not.toMatch(
      /\beval\(|new Function|createObjectURL|data:text/,
    );
  },
);

/** Types come with both ways to load it. */
test("the package describes its types for both ways to load it", () => {
  expect(readFileSync(`${DIST}index.d.ts`, "utf8")).toContain('from "./agent.js"');
  expect(readFileSync(`${DIST}index.d.cts`, "utf8")).toContain('from "./agent.cjs"');
});
