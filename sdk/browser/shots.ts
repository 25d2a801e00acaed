/**
 * Pictures of pages: where they are kept, and in which sizes.
 *
 * Whoever wants to look names a folder in VIVAVOCE_TEST_SHOTS and gets every size, light and dark.
 * Otherwise the two extremes are tested, and their pictures are in a folder that is printed.
 */
import { mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
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

const named = process.env["VIVAVOCE_TEST_SHOTS"];
const FOLDER = named ?? join(tmpdir(), `vivavoce-shots-${userInfo().uid}`);
console.log(`screenshots: ${FOLDER}`);

export const SIZES: readonly Size[] =
  named === undefined
    ? [
        { width: 360, height: HEIGHT, scheme: "dark" },
        { width: 1440, height: HEIGHT, scheme: "light" },
      ]
    : WIDTHS.flatMap((width) =>
        (["light", "dark"] as const).map((scheme) => ({ width, height: HEIGHT, scheme })),
      );

/**
 * Keeps a picture of the page as it is.
 *
 * @param name Such as `widget/listening-360-dark`.
 */
export async function picture(page: Page, name: string, options: { fullPage?: boolean } = {}): Promise<void> {
  const path = join(FOLDER, `${name}.png`);
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, animations: "disabled", ...options });
}
