// Tests set window.config; the button connects, inside a real gesture, and events are kept in order.
// With #auto the page connects by itself, outside any gesture, and reports how loud it plays.
window.events = [];
function go() {
  const agent = new AtomsSdk.AtomsAgent(window.config);
  window.agent = agent;
  const names = [
    "session_started",
    "session_ended",
    "agent_start_talking",
    "agent_stop_talking",
    "error",
    "transcript",
    "transcript_delta",
    "interruption",
    "function_call",
  ];
  for (const name of names) {
    agent.on(name, (event) => window.events.push(event === undefined ? [name] : [name, event]));
  }
  window.outcome = undefined;
  agent.connect().then(
    () => (window.outcome = { connected: true }),
    (error) =>
      (window.outcome = {
        connected: false,
        message: error.message,
        cause: error.cause && error.cause.name,
        detail: error.cause && error.cause.message,
      }),
  );
}
document.querySelector("#go").onclick = go;
if (location.hash === "#auto") {
  window.config = { apiKey: "sk_1", agentId: "a1", autoCaptureMic: false };
  go();
  setInterval(() => window.reportLevel(window.agent.outputLevel), 50);
}
