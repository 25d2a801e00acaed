/**
 * Builds the npm package (`dist/`) and the static folder of the server: its pages and the SDK it serves.
 *
 * VIVAVOCE_STATIC names another static folder than the one inside the server's package.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const widget = join(dist, "widget");
const site = resolve(process.env.VIVAVOCE_STATIC ?? join(here, "../src/vivavoce/static"));

const common = {
  absWorkingDir: here,
  bundle: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  // Only modules have an address of their own; script.ts knows and asks the document instead.
  logOverride: { "empty-import-meta": "silent" },
};

/** The pages load the SDK as the server serves it, as any other page would. */
const servedSdk = {
  name: "served-sdk",
  setup({ onResolve }) {
    onResolve({ filter: /^@vivavoce\/agent-sdk$/ }, () => ({ path: "./sdk/agent-sdk.js", external: true }));
  },
};

/** The scripts of the console stand elsewhere than the pages, but load the same SDK. */
const consoleSdk = {
  name: "console-sdk",
  setup({ onResolve }) {
    onResolve({ filter: /^@vivavoce\/agent-sdk$/ }, () => ({ path: "/sdk/agent-sdk.js", external: true }));
  },
};

async function buildPackage() {
  await rm(dist, { recursive: true, force: true });
  const entry = { ...common, entryPoints: ["src/index.ts"] };
  const headless = { ...common, entryPoints: ["src/headless.ts"] };
  await Promise.all([
    build({ ...entry, format: "esm", outfile: "dist/index.js" }),
    build({ ...entry, format: "cjs", outfile: "dist/index.cjs" }),
    build({ ...headless, format: "esm", outfile: "dist/headless.js" }),
    build({ ...headless, format: "cjs", outfile: "dist/headless.cjs" }),
    build({
      ...entry,
      format: "iife",
      globalName: "AtomsSdk",
      minify: true,
      outfile: "dist/agent-sdk.browser.js",
    }),
    build({
      ...common,
      entryPoints: ["src/worklets/capture.ts", "src/worklets/playback.ts"],
      format: "esm",
      minify: true,
      outdir: "dist/worklets",
    }),
    promisify(execFile)(
      process.execPath,
      [join(here, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.types.json"],
      {
        cwd: here,
      },
    ),
  ]);
  await writeCommonJsTypes();
}

/** TypeScript wants types of their own kind for `require`: the same text, each name ending in c. */
async function writeCommonJsTypes() {
  const names = (await readdir(dist, { recursive: true })).filter((name) => name.endsWith(".d.ts"));
  await Promise.all(
    names.map(async (name) => {
      const types = await readFile(join(dist, name), "utf8");
      const renamed = types.replaceAll(/(from "\.[^"]*)\.js"/g, '$1.cjs"');
      await writeFile(join(dist, name.replace(/\.d\.ts$/, ".d.cts")), renamed);
    }),
  );
}

/** A style sheet is text for the script that adopts it. */
const sheets = {
  name: "sheets",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const { code } = await transform(text, { loader: "css", minify: true, target: common.target });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/** The widget never asks for Opus. */
const withoutOpus = {
  name: "without-opus",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/opus\.js$/ }, () => ({ path: join(here, "src/widget/no-opus.ts") }));
  },
};

/** The npm package `@vivavoce/widget`, and the one script that pages load. */
async function buildWidget() {
  const entry = { ...common, plugins: [sheets, withoutOpus] };
  const { version } = JSON.parse(await readFile(join(here, "package.json"), "utf8"));
  const manifest = JSON.parse(await readFile(join(here, "src/widget/package.json"), "utf8"));
  await mkdir(widget, { recursive: true });
  await Promise.all([
    build({
      ...entry,
      entryPoints: ["src/widget/embed.ts"],
      format: "iife",
      minify: true,
      outfile: join(widget, "widget.js"),
    }),
    build({
      ...entry,
      entryPoints: ["src/widget/index.ts", "src/widget/react.ts"],
      format: "esm",
      splitting: true,
      external: ["react"],
      outdir: widget,
    }),
    cp(join(dist, "worklets"), join(widget, "worklets"), { recursive: true }),
    cp(join(here, "LICENSE"), join(widget, "LICENSE")),
    writeFile(join(widget, "package.json"), `${JSON.stringify({ ...manifest, version }, undefined, 2)}\n`),
    promisify(execFile)(
      process.execPath,
      [join(here, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.widget.json"],
      { cwd: here },
    ),
  ]);
}

async function buildSite() {
  await rm(join(site, "sdk"), { recursive: true, force: true });
  await mkdir(join(site, "sdk"), { recursive: true });
  const page = { ...common, plugins: [servedSdk] };
  await Promise.all([
    build({ ...page, entryPoints: ["pages/talk.ts"], format: "esm", outfile: join(site, "talk.js") }),
    ...["smoke", "synthflow", "synthflow-worklet"].map((name) =>
      build({
        ...page,
        entryPoints: [`pages/${name}.ts`],
        format: "iife",
        outfile: join(site, `${name}.js`),
      }),
    ),
    ...["index.html", "talk.css", "smoke.html", "synthflow.html"].map((name) =>
      cp(join(here, "pages", name), join(site, name)),
    ),
    cp(join(dist, "index.js"), join(site, "sdk/agent-sdk.js")),
    cp(join(widget, "widget.js"), join(site, "sdk/widget.js")),
    cp(join(dist, "agent-sdk.browser.js"), join(site, "sdk/agent-sdk.browser.js")),
    ...["capture.js", "playback.js"].map((name) =>
      cp(join(dist, "worklets", name), join(site, "sdk/worklets", name)),
    ),
  ]);
}

/** The console: what every page loads, and one module for each page that has a script, with its styles. */
async function buildConsole() {
  const target = join(site, "console");
  await mkdir(target, { recursive: true });
  const modules = (await readdir(join(here, "console/pages"))).filter((name) => name.endsWith(".ts"));
  const whole = { ...common, minify: true, plugins: [consoleSdk], outdir: target };
  await Promise.all([
    build({ ...whole, entryPoints: ["console/console.ts", "console/console.css"], format: "esm" }),
    build({ ...whole, entryPoints: ["console/theme.ts"], format: "iife" }),
    build({ ...whole, entryPoints: modules.map((name) => `console/pages/${name}`), format: "esm" }),
    cp(join(here, "node_modules/htmx.org/dist/htmx.min.js"), join(target, "htmx.js")),
  ]);
}

await buildPackage();
await buildWidget();
await buildSite();
await buildConsole();
