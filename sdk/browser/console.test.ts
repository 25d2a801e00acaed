/** The console's own pages, as a person drives them. */
import { describe, expect, test } from "vitest";
import { consoleScene, fresh } from "./console-scene.js";
import { until } from "./scene.js";

const scene = consoleScene({
  settings: { VIVAVOCE_STT: "scripted", VIVAVOCE_LLM: "scripted", VIVAVOCE_TTS: "scripted" },
});

const PASSWORD = "correct horse battery";

const heading = (): Promise<string | null> => scene.page.locator("main h1").textContent();
const button = (name: string): ReturnType<typeof scene.page.getByRole> =>
  scene.page.getByRole("button", { name, exact: true });

/** The text that the button of a copy box puts on the clipboard. */
async function copied(name: string): Promise<string> {
  await button(name).click();
  await button("Copied").waitFor();
  return scene.page.evaluate(() => navigator.clipboard.readText());
}

describe("signing in", () => {
  /** The first visit: a link, a password, the overview; then with the password, by keyboard alone. */
  test("by a link, then with the password that was set", async () => {
    await scene.signIn();
    expect(await heading()).toBe("Set a password");
    await scene.check("new-password");
    await scene.page.getByLabel("New password").fill(PASSWORD);
    await scene.page.getByLabel("The same again").fill("something else");
    await button("Set password").click();
    await scene.page.getByText("The two are not the same").waitFor();
    await scene.shot("new-password-wrong");
    scene.forgive(/422/);
    await scene.page.getByLabel("New password").fill(PASSWORD);
    await scene.page.getByLabel("The same again").fill(PASSWORD);
    await button("Set password").click();
    await scene.page.waitForURL("**/console");
    expect(await scene.page.locator("#notices").innerText()).toContain("Your password is set");

    await button("Sign out").click();
    await scene.page.waitForURL("**/console/sign-in");
    await scene.open("/console/keys");
    await scene.check("sign-in");
    await scene.page.keyboard.type("admin");
    await scene.page.keyboard.press("Tab");
    await scene.page.keyboard.type("wrong password");
    await scene.page.keyboard.press("Enter");
    await scene.page.getByText("Name and password do not fit").waitFor();
    await scene.check("sign-in-wrong");
    scene.forgive(/422/);
    await scene.page.getByLabel("Password").fill(PASSWORD);
    await scene.page.keyboard.press("Enter");
    await scene.page.waitForURL("**/console/keys");
  });

  /** The API key of a program lets its owner in. */
  test("with an API key", async () => {
    await scene.context.clearCookies();
    await scene.open("/console/sign-in");
    await scene.page.getByText("Sign in with an API key").click();
    await scene.check("sign-in-key");
    await scene.page.getByLabel("API key").fill(scene.server.key);
    await button("Sign in with the key").click();
    await scene.page.waitForURL("**/console");
    await scene.open("/console/account");
    expect(await scene.page.locator("main").innerText()).toContain("the API key “browser-tests”");
    await scene.check("account-key");
  });

  /** A link is a page with one button; a second use is explained. */
  test("by a link that is used up", async () => {
    const { url } = JSON.parse(scene.server.run("users", "link", "--json")) as { url: string };
    await scene.page.goto(url);
    await scene.check("link");
    await button("Sign in").click();
    await scene.page.waitForURL("**/account/new-password**");
    await scene.page.goto(url);
    expect(await heading()).toBe("This link is used up");
    scene.forgive(/410/);
    await scene.check("link-used-up");
  });

  /** A session that ended leads to the sign-in page as a whole, and from there back. */
  test("again, when the session has ended under an open page", async () => {
    await scene.open("/console/keys");
    await scene.context.clearCookies();
    await scene.page
      .getByRole("link", { name: /^Revoke/ })
      .first()
      .click();
    await scene.page.waitForURL("**/console/sign-in?next=%2Fconsole%2Fkeys");
    scene.forgive(/401/);
  });
});

describe("keys", () => {
  /** Created, copied, used, revoked after a question that the Escape key answers with no. */
  test("are created, shown once, and revoked", async () => {
    await scene.open("/console/keys");
    await scene.page.getByLabel("What it is for").fill("shop back end");
    await button("Create key").click();
    const secret = await copied("Copy the key");
    expect(secret).toMatch(/^sk_[0-9a-f]{48}$/);
    await scene.check("keys-created");
    const use = (): Promise<Response> =>
      fetch(`${scene.server.url}/atoms/v1/agent`, { headers: { Authorization: `Bearer ${secret}` } });
    expect((await use()).status).toBe(200);

    await scene.open("/console/keys");
    expect(await scene.page.content()).not.toContain(secret);
    await scene.page.getByRole("link", { name: "Revoke shop back end" }).click();
    await scene.page.locator("dialog[open]").waitFor();
    await scene.check("keys-revoke");
    await scene.page.keyboard.press("Escape");
    expect(await scene.page.locator("dialog[open]").count()).toBe(0);
    await scene.page.getByRole("link", { name: "Revoke shop back end" }).click();
    await button("Revoke").click();
    await scene.page.getByText("is revoked.").waitFor();
    await scene.check("keys");
    expect((await use()).status).toBe(401);
  });
});

describe("users", () => {
  /** Made with a link; a viewer sees no forms, and may look at everything. */
  test("are created with a link, and a viewer changes nothing", async () => {
    await scene.open("/console/users");
    await scene.page.getByLabel("Name or mail address").fill(`${fresh("grace")}@example.com`);
    await button("Create user").click();
    const link = await copied("Copy the link");
    await scene.check("users-created");

    await scene.context.clearCookies();
    await scene.page.goto(link);
    await button("Sign in").click();
    await scene.page.waitForURL("**/account/new-password**");
    for (const [name, path] of [
      ["viewer-keys", "/console/keys"],
      ["viewer-users", "/console/users"],
      ["viewer-account", "/console/account"],
    ] as const) {
      await scene.open(path);
      await scene.check(name);
      expect(await scene.page.locator('form[method="post"]').count()).toBe(name === "viewer-account" ? 3 : 2);
    }
    expect(await scene.page.locator("main").innerText()).toContain("viewer: may read everything");
  });

  /** The last admin stays. */
  test("one of them stays an admin", async () => {
    await scene.open("/console/users");
    await button("Make viewer admin").click();
    await scene.page.getByText("There has to be an admin").waitFor();
    await scene.check("users-last-admin");
  });
});

describe("the frame", () => {
  /** The first Tab offers to skip the navigation. */
  test("can be skipped by keyboard", async () => {
    await scene.open("/console/keys");
    await scene.page.keyboard.press("Tab");
    await scene.shot("skip");
    await scene.page.keyboard.press("Enter");

    expect(await scene.page.evaluate(() => document.activeElement?.id)).toBe("content");
  });

  /** On a narrow screen the navigation is a menu, which works without scripts and closes by Escape. */
  test("has a menu on a narrow screen", async () => {
    await scene.open("/console/keys");
    await scene.page.setViewportSize({ width: 360, height: 900 });
    expect(await scene.page.getByRole("link", { name: "Users" }).isVisible()).toBe(false);
    await scene.page.locator("summary").click();
    await scene.accessible();
    await scene.noOverflow();
    await scene.shot("menu");
    await scene.page.setViewportSize({ width: 360, height: 900 });
    await scene.page.keyboard.press("Escape");
    expect(await scene.page.getByRole("link", { name: "Users" }).isVisible()).toBe(false);
    await scene.page.locator("summary").click();
    await scene.page.getByRole("link", { name: "Users" }).click();
    await scene.page.waitForURL("**/console/users");
  });

  /** The choice of colours is kept from page to page. */
  test("keeps the colours that were chosen", async () => {
    const scheme = (): Promise<string> =>
      scene.page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
    await scene.open("/console");
    await button("Dark or light").click();
    expect(await scheme()).toBe("dark");
    await scene.open("/console/keys");
    expect(await scheme()).toBe("dark");
    await button("Dark or light").click();
    expect(await scheme()).toBe("light");
  });

  /** A page that is not there is told in the looks of the console. */
  test("stays around what is not there", async () => {
    await scene.open("/console/no-such-page");
    await scene.check("not-found");
    scene.forgive(/404/);
  });

  /** What a part of a page was refused is said above the page. */
  test("says what was refused", async () => {
    await scene.open("/console/keys");
    const [key] = JSON.parse(scene.server.run("keys", "list", "--json")) as {
      id: string;
      revokedAt: unknown;
    }[];
    await scene.page.evaluate(() =>
      document.querySelector("[hx-get]")?.setAttribute("hx-get", "/console/keys/none/revoke"),
    );
    await scene.page.evaluate(() =>
      (window as unknown as { htmx: { process(it: Element): void } }).htmx.process(document.body),
    );
    await scene.page
      .getByRole("link", { name: /^Revoke/ })
      .first()
      .click();
    await until("a sentence", async () =>
      (await scene.page.locator("#notices").innerText()).includes("There is no working key of this id"),
    );
    expect(key?.id).toBeTruthy();
    await scene.shot("refused");
    scene.forgive(/404/);
  });

  /** Without scripts everything is still there: forms, questions, menus. */
  test("works without scripts", async () => {
    const cookies = await scene.context.cookies();
    const plain = await scene.chromium.newContext({ javaScriptEnabled: false });
    await plain.addCookies(cookies);
    const page = await plain.newPage();
    await page.goto(`${scene.server.url}/console/keys`);
    await page.getByLabel("What it is for").fill("plain");
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByRole("link", { name: "Revoke plain" }).click();
    await page.getByRole("heading", { name: "Revoke the key “plain”?" }).waitFor();
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.locator("#notices", { hasText: "is revoked" }).waitFor();
    await plain.close();
  });
});

/** Whom the account is of stands beside the navigation, too. */
test("the account says who is signed in", async () => {
  await scene.open("/console/account");
  await scene.check("account");

  expect(await scene.page.locator('.side [aria-current="page"]').innerText()).toContain("admin");
});
