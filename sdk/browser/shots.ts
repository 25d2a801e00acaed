/**
 * Pictures of pages, and the sizes in which pages are looked at.
 *
 * Whoever wants to look names a folder in VIVAVOCE_TEST_SHOTS and gets every size, light and dark.
 * Otherwise the two extremes are tested, and nothing is painted that nobody looks at.
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";

/** A telephone, a tablet, a desk: viewports in CSS pixels. */
const WIDTHS = [360, 768, 1440] as const;
const HEIGHT = 900;

export type Scheme = "light" | "dark";

export interface Size {
  readonly width: number;
  readonly height: number;
  readonly scheme: Scheme;
}

const FOLDER = process.env["VIVAVOCE_TEST_SHOTS"];

/** Whether somebody wants pictures. */
export const isLookedAt = FOLDER !== undefined;

export const SIZES: readonly Size[] = isLookedAt
  ? WIDTHS.flatMap((width) =>
      (["light", "dark"] as const).map((scheme) => ({ width, height: HEIGHT, scheme })),
    )
  : [
      { width: 360, height: HEIGHT, scheme: "dark" },
      { width: 1440, height: HEIGHT, scheme: "light" },
    ];

/**
 * Keeps a picture of the page as it is, where somebody wants one.
 *
 * @param name Such as `widget/listening-360-dark`.
 */
export async function picture(page: Page, name: string, options: { fullPage?: boolean } = {}): Promise<void> {
  if (FOLDER === undefined) {
    return;
  }
  const path = join(FOLDER, `${name}.png`);
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, animations: "disabled", ...options });
}
