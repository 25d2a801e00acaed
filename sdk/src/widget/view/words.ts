import type { Scene } from "./scene.js";

/** Where the conversation stands; a written one in the words of a chat. */
export function stateText({ labels, state, status }: Scene): string {
  if (status.phase === "live" && status.kind === "chat" && !status.away) {
    return status.thinking || status.speaking ? labels.chat.writing : labels.chat.online;
  }
  return labels.states[state];
}

/** The next step, in the words of the operator where there are some. */
export function hintText({ settings, labels, state, status, lines }: Scene): string {
  if (status.phase === "live" && status.kind === "chat" && !status.away) {
    return labels.chat.hint;
  }
  if (state === "idle") {
    return settings.mode === "hybrid"
      ? (settings.hybridEmptyMessage ?? labels.hybridEmpty)
      : (settings.voiceEmptyMessage ?? labels.voiceEmpty);
  }
  const isFresh = status.phase === "live" && !status.away && lines.length === 0;
  return (isFresh ? settings.voiceActiveEmptyMessage : undefined) ?? labels.hints[state];
}
