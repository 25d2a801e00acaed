/** Pictures for whoever wants to look: in the folder that VIVAVOCE_TEST_SHOTS names, or in one that is printed. */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";

/** Viewports in CSS pixels: a telephone, a tablet, a desk. */
export const VIEWPORTS = [
  { width: 360, height: 740 },
  { width: 768, height: 900 },
  { width: 1440, height: 900 },
] as const;

const named = process.env["VIVAVOCE_TEST_SHOTS"];
const folder = named ? join(named, "widget") : mkdtempSync(join(tmpdir(), "vivavoce-shots-"));
mkdirSync(folder, { recursive: true });

export const shotsFolder = folder;

/** Takes a picture of the page at each width. */
export async function shoot(page: Page, name: string): Promise<string[]> {
  const files: string[] = [];
  for (const viewport of VIEWPORTS) {
    await page.setViewportSize(viewport);
    // Two frames: one to lay out, one to paint.
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    const path = join(folder, `${name}-${viewport.width}.png`);
    await page.screenshot({ path, animations: "disabled" });
    files.push(path);
  }
  return files;
}
