/** A page in which the code of the documentation runs as printed: its elements, its browser, its server. */
import { readFileSync } from "node:fs";
import { vi } from "vitest";
import { AtomsAgent } from "../src/agent.js";
import type { AtomsAgentConfig } from "../src/config.js";
import { FakePlatform } from "./fake-platform.js";

/** The pieces of code of a page of the documentation, with the heading that each stands below. */
export function printed(page: string, language: string): { heading: string; code: string }[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  return text.split(/^#+ /m).flatMap((section) => {
    const heading = section.split("\n", 1)[0] ?? "";
    return [...section.matchAll(new RegExp("```" + language + "\\n(.*?)```", "gs"))].map(([, code = ""]) => ({
      heading,
      code,
    }));
  });
}

/** An element as far as the documentation uses one. */
export class FakeElement {
  textContent = "";
  value: unknown = "";
  hidden = false;
  children: { label: string; value: string }[] = [];
  onclick: (() => unknown) | undefined;
  oninput: (() => unknown) | undefined;
  onchange: (() => unknown) | undefined;
  onpointerdown: (() => unknown) | undefined;
  onpointerup: (() => unknown) | undefined;

  append(text: string): void {
    this.textContent += text;
  }

  replaceChildren(...children: { label: string; value: string }[]): void {
    this.children = children;
  }
}

export class DocsPage {
  readonly platform = new FakePlatform();
  readonly lines: string[] = [];
  readonly devices: Partial<MediaDeviceInfo>[] = [];
  readonly mediaDevices: { enumerateDevices(): unknown; ondevicechange?: () => unknown } = {
    enumerateDevices: () => Promise.resolve(this.devices),
  };
  agent: AtomsAgent;
  readonly #elements = new Map<string, FakeElement>();

  constructor(config: Partial<AtomsAgentConfig> = {}) {
    this.agent = this.#newAgent({ apiKey: "sk_1", agentId: "a1", ...config });
  }

  element(name: string): FakeElement {
    const found = this.#elements.get(name) ?? new FakeElement();
    this.#elements.set(name, found);
    return found;
  }

  /** Runs all code below a heading, in order; resolves when it has come to its end. */
  async run(heading: string): Promise<void> {
    const line = (...words: unknown[]): number => this.lines.push(words.join(" "));
    const page = this;
    const given = {
      AtomsSdk: {
        // A constructor that gives another object back: the agent of this page.
        AtomsAgent: function (config: AtomsAgentConfig): AtomsAgent {
          return (page.agent = page.#newAgent(config));
        },
      },
      document: { querySelector: (selector: string) => this.element(selector) },
      navigator: { mediaDevices: this.mediaDevices },
      Option: function (this: object, label: string, value: string): object {
        return Object.assign(this, { label, value });
      },
      console: { log: line, warn: line, error: line },
      fetch: vi.fn(() => Promise.resolve({ json: () => Promise.resolve({ access_token: "wct_1" }) })),
      fetchToken: () => Promise.resolve("wct_2"),
      token: "wct_3",
      button: this.element("button"),
      hint: this.element("hint"),
    };
    for (const { code } of printed("sdk.md", "js").filter((found) => found.heading === heading)) {
      // The documentation's own code, and nothing from outside this repository.
      const needsAgent = !/const agent\b/.test(code.replace(/^ .*$/gm, ""));
      const names = [...Object.keys(given), ...(needsAgent ? ["agent"] : [])];
      const body = new Function(...names, `return (async () => {${code}})();`) as (
        ...values: unknown[]
      ) => Promise<void>;
      await body(...Object.values(given), ...(needsAgent ? [this.agent] : []));
    }
  }

  #newAgent(config: AtomsAgentConfig): AtomsAgent {
    return new AtomsAgent(config, this.platform);
  }
}
