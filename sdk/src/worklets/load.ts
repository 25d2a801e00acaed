import { namedError } from "../errors.js";

export type WorkletName = "capture" | "playback";

/** The places where the worklet files may be, best first. */
export interface WorkletPlaces {
  /** Folder that the page named (`workletUrl`); if given, the only place. */
  readonly named: string | undefined;
  /** The files beside the SDK's own script. */
  readonly siblings: Readonly<Record<WorkletName, string>> | undefined;
  /** The server's address, which serves the SDK's folder as `/sdk/`. */
  readonly serverUrl: string;
  /** The page's address, against which a relative `workletUrl` is read. */
  readonly pageUrl: string | undefined;
}

/**
 * The addresses to try for a worklet file, in order.
 *
 * A real file beside the script works under a strict content security policy (`script-src 'self'`), where
 * worklets made of `blob:` or `data:` URLs do not. The server's own copy helps an app whose bundler did not
 * copy the files along.
 */
export function workletUrls(name: WorkletName, places: WorkletPlaces): string[] {
  if (places.named !== undefined) {
    const folder = places.named.endsWith("/") ? places.named : `${places.named}/`;
    return [new URL(`${folder}${name}.js`, places.pageUrl).href];
  }
  const served = `${places.serverUrl.replace(/^ws/, "http")}/sdk/worklets/${name}.js`;
  const sibling = places.siblings?.[name];
  return sibling === undefined || sibling === served ? [served] : [sibling, served];
}

/**
 * Loads a worklet file into `context`.
 *
 * Rejects with an error of the name `WorkletError` when no address gives it.
 */
export async function loadWorklet(
  context: AudioContext,
  name: WorkletName,
  places: WorkletPlaces,
): Promise<void> {
  const urls = workletUrls(name, places);
  let reason: unknown;
  for (const url of urls) {
    try {
      await context.audioWorklet.addModule(url);
      return;
    } catch (error) {
      reason = error;
    }
  }
  const advice = "name the folder of the worklet files with the option workletUrl";
  throw namedError(
    "WorkletError",
    `${name}.js could not be loaded from ${urls.join(" or ")}: ${advice}`,
    reason,
  );
}
