import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import type { Page } from "playwright-core";

const SCRIPT = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * What axe-core finds on a page as it is now, in WCAG up to 2.2 AA and good practice.
 *
 * @param within A selector: look at that part of the page alone, with its shadow trees.
 */
export async function findings(page: Page, within = "html"): Promise<string[]> {
  // By the debugger's hand, for a page's own policy may let no such script in.
  await page.evaluate(SCRIPT);
  const { violations } = await page.evaluate(
    ([include, values]) =>
      (window as unknown as { axe: typeof axe }).axe.run(
        { include: [include] },
        {
          runOnly: { type: "tag", values },
          // Its copies of style sheets would be inline styles, which a policy may forbid; no rule here needs them.
          preload: false,
        },
      ),
    [within, RULES] as const,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary?.replaceAll("\n", " ")}`,
    ),
  );
}
