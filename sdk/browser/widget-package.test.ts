/** The widget as it is built: one small script for pages, and a package for programs. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const WIDGET = fileURLToPath(new URL("../dist/widget/", import.meta.url));

/** Bytes, compressed, with the SDK inside. */
const MOST_BYTES = 35_000;

/** What a fresh Node prints that runs this code: no window, no document. */
const run = (code: string): string =>
  execFileSync(process.execPath, ["--input-type=module", "--eval", code], {
    encoding: "utf8",
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  }).trim();

/** A page should not wait for its widget. */
test("the script is small", () => {
  expect(gzipSync(readFileSync(`${WIDGET}widget.js`), { level: 9 }).length).toBeLessThan(MOST_BYTES);
});

/** Strict pages allow none of it. */
test("the script evaluates no text, makes no blob and parses no HTML", () => {
  expect(readFileSync(`${WIDGET}widget.js`, "utf8")).not.toMatch(
    /\beval\(|new Function|createObjectURL|data:text|innerHTML|setAttribute\("style"/,
  );
});

/** Frameworks import everything on their server. */
test("the package loads where there is no document", () => {
  expect(
    run(
      `import { defineWidgets } from ${JSON.stringify(`${WIDGET}index.js`)}; console.log(defineWidgets());`,
    ),
  ).toBe("undefined");
});

/** A server renders the bare element, as the browser does at first. */
test("the React component renders on a server", () => {
  const code = `
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { AtomsWidget, VivavoceWidget } from ${JSON.stringify(`${WIDGET}react.js`)};
    const props = { assistantId: "a1", ctaName: "Ask", consentRequired: true, onTranscript() {} };
    console.log(renderToString(createElement(VivavoceWidget, props)));
    console.log(renderToString(createElement(AtomsWidget, { assistantId: "a1" })));`;

  expect(run(code)).toBe(
    '<vivavoce-widget assistant-id="a1" cta-name="Ask" consent-required="true"></vivavoce-widget>\n' +
      '<atoms-widget assistant-id="a1"></atoms-widget>',
  );
});
