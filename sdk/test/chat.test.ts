import { expect, test } from "vitest";
import { accept, liveScene, scene } from "./scene.js";

/** A chat needs neither permission nor gesture: nothing of the audio is touched. */
test("a chat opens no microphone and no loudspeaker", async () => {
  const made = await liveScene({ mode: "chat" });

  expect(made.agent.isConnected).toBe(true);
  expect(made.browser.contexts.length + made.browser.asked.length).toBe(0);
  expect(new URL(made.browser.socket.url).searchParams.get("mode")).toBe("chat");
});

/** `connect()` keeps its promise: when it resolves, text can be sent. */
test("a chat is open when the server has created it, not before", async () => {
  const made = scene({ mode: "chat" });
  const connecting = made.agent.connect();
  made.browser.socket.open();
  expect(made.agent.isConnected).toBe(false);
  await accept(made);
  await connecting;
  made.agent.sendText("What does it cost?");

  expect(made.browser.socket.sent.at(-1)).toEqual({ type: "input_text.send", text: "What does it cost?" });
});

/** There is no microphone to mute. */
test("a chat cannot be muted", async () => {
  const made = await liveScene({ mode: "chat" });
  made.agent.mute();

  expect(made.agent.isMuted).toBe(false);
});
