/** A widget whose server is a stub: each test says what is configured, refused, said and heard. */
import type { Page, Route } from "playwright-core";
import type { StubScene } from "../stub-scene.js";
import { pageWith, type Site } from "./site.js";

export interface Embed {
  readonly attributes?: string;
  readonly config?: Record<string, unknown>;
  /** The refusal of the token, or of both routes. */
  readonly refusal?: { readonly status: number; readonly code: string; readonly both?: boolean };
  readonly more?: string;
}

const CORS = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*" };

/** Answers the two routes that a widget asks, in the page's place of a server. */
export async function answerEmbed(page: Page, { config = {}, refusal }: Embed): Promise<void> {
  const answer = (route: Route, status: number, body: unknown): Promise<void> =>
    route.fulfill({ status, headers: CORS, contentType: "application/json", body: JSON.stringify(body) });
  const refused = (route: Route): Promise<void> =>
    answer(route, refusal?.status ?? 500, { status: false, errors: ["refused"], code: refusal?.code });
  await page.route("**/embed/config/*", (route) =>
    refusal?.both ? refused(route) : answer(route, 200, { status: true, data: config }),
  );
  await page.route("**/embed/token", (route) =>
    refusal ? refused(route) : answer(route, 201, { access_token: "wct_1", expires_in: 30 }),
  );
}

/** Opens a page of `site` with a widget of the stub. */
export async function openWidget({ page, server }: StubScene, site: Site, embed: Embed = {}): Promise<void> {
  await answerEmbed(page, embed);
  const attributes = `assistant-id="0123456789abcdef01234567" ${embed.attributes ?? ""}`;
  // The stub's name is an address; the site has another one.
  site.pages["/"] = { html: pageWith(server.url, attributes, embed.more) };
  await page.goto(site.url("/", "localhost"));
  await page.locator("vivavoce-widget .launcher").waitFor();
}
