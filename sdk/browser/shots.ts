/**
 * Pictures of pages: where they are kept, and in which sizes.
 *
 * Whoever wants to look names a folder in VIVAVOCE_TEST_SHOTS and gets every size, light and dark.
 * Otherwise the two extremes are tested, and their pictures are in a folder that is printed.
 */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

/** The folder of this process. */
export const SHOTS = named ?? mkdtempSync(join(tmpdir(), "vivavoce-shots-"));
mkdirSync(SHOTS, { recursive: true });

export const SIZES: readonly Size[] =
  named === undefined
    ? [
        { width: 360, height: HEIGHT, scheme: "dark" },
        { width: 1440, height: HEIGHT, scheme: "light" },
      ]
    : WIDTHS.flatMap((width) =>
        (["light", "dark"] as const).map((scheme) => ({ width, height: HEIGHT, scheme })),
      );
