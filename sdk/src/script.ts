/** Where this very script was loaded from: the default for the server and for the worklet files. */

// A classic script knows its address only while it is first run; a module knows it always.
// On a server (SSR) and in CommonJS there is neither, and the options name both.
const running = typeof document === "undefined" ? null : document.currentScript;
const classicUrl = running && "src" in running && running.src ? String(running.src) : undefined;
const isModule = typeof import.meta.url === "string";

/** The address of the script, where it has one. */
export const scriptUrl: string | undefined = classicUrl ?? (isModule ? import.meta.url : undefined);

/** The addresses of the worklet files beside the script. */
export function siblingWorklets(): { capture: string; playback: string } | undefined {
  if (classicUrl !== undefined) {
    return {
      capture: new URL("worklets/capture.js", classicUrl).href,
      playback: new URL("worklets/playback.js", classicUrl).href,
    };
  }
  // Written out, because bundlers look for this very form to copy the files along.
  return isModule
    ? {
        capture: new URL("./worklets/capture.js", import.meta.url).href,
        playback: new URL("./worklets/playback.js", import.meta.url).href,
      }
    : undefined;
}
