/** What an agent knows: given in the console, found for a question, used in a call. */
import { expect, test } from "vitest";
import { consoleScene } from "./console-scene.js";

const scene = consoleScene({ settings: { VIVAVOCE_STT: "scripted", VIVAVOCE_TTS: "scripted" } });

/** Opens what an agent knows, with a way to add something unfolded. */
async function opened(id: string, way: string): Promise<void> {
  await scene.open(`/console/agents/${id}/knowledge`);
  const summary = scene.page.getByText(way, { exact: true });
  if (!(await summary.evaluate((element) => (element.parentElement as HTMLDetailsElement).open))) {
    await summary.click();
  }
}

async function addAnswer(question: string, answer: string): Promise<void> {
  const { page } = scene;
  const form = page.locator("form[action$='/answers']");
  await form.getByLabel("Question").fill(question);
  await form.getByLabel("Answer").fill(answer);
  await form.getByLabel("Other ways to ask it").fill("opening hours; are you open on Sunday");
  await page.getByRole("button", { name: "Add the question" }).click();
  await page.getByText(`“${question}” is added.`).waitFor();
}

test("a question with its answer is added, found, said, changed and removed", async () => {
  const { page } = scene;
  const id = await scene.server.agent({ name: "Corner Bakery" });
  await opened(id, "A question with its answer");
  await scene.check("knowledge-empty");
  await addAnswer("When are you open?", "From seven to six, on weekdays.");

  await page.getByLabel("Question").first().fill("opening hours");
  await page.getByRole("button", { name: "Look it up" }).click();
  await page.locator(".find-head").getByText("When are you open?").waitFor();
  expect(await page.locator(".says").textContent()).toContain("From seven to six, on weekdays.");
  await scene.check("knowledge-found");

  await page.getByRole("link", { name: "Edit When are you open?" }).click();
  await page.getByLabel("Answer").fill("From eight to six.");
  await scene.check("knowledge-piece");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("“When are you open?” is saved.").waitFor();

  await page.getByRole("link", { name: "Remove When are you open?" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("“When are you open?” is removed.").waitFor();
  await page.getByText("It was given nothing yet").waitFor();
});

test("files are read, and one that cannot be says why", async () => {
  const { page } = scene;
  const id = await scene.server.agent({
    name: "Hotel",
    knowledge: "## Is there a lift?\n\nYes, in the hall.",
  });
  await opened(id, "Files");
  const files = page.getByLabel("Markdown, plain text or PDF");
  await files.setInputFiles([
    {
      name: "rooms.md",
      mimeType: "text/markdown",
      buffer: Buffer.from("## Are there family rooms?\n\nSix."),
    },
    { name: "house.txt", mimeType: "text/plain", buffer: Buffer.from("Breakfast is from seven to ten.") },
  ]);
  await page.getByRole("button", { name: "Add the files" }).click();
  await page.getByText("2 files: 63 characters.").waitFor();
  await scene.check("knowledge");

  await opened(id, "Files");
  await files.setInputFiles([
    { name: "bad.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4") },
  ]);
  await page.getByRole("button", { name: "Add the files" }).click();
  await page.getByText("bad.pdf: The PDF is damaged").waitFor();
  await scene.check("knowledge-file-refused");
  scene.complaints.texts.length = 0;
});

test("a text that was changed is not left without a question", async () => {
  const { page } = scene;
  const id = await scene.server.agent({ name: "Shop" });
  await opened(id, "A text");
  await page.getByLabel("Heading").fill("Delivery");
  await page.getByLabel("Text", { exact: true }).fill("We deliver on Fridays.");
  await page.getByRole("button", { name: "Add the text" }).click();
  await page.getByRole("link", { name: "Edit Delivery" }).click();
  await page.getByLabel("Text", { exact: true }).fill("We deliver on Mondays.");
  let asked = 0;
  page.on("dialog", (dialog) => {
    asked += 1;
    void dialog.dismiss();
  });
  await page.getByRole("link", { name: "Cancel" }).click();
  await expect.poll(() => asked).toBe(1);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("“Delivery” is saved.").waitFor();
});
