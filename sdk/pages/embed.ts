/**
 * The HTML that puts an agent on another page.
 *
 * @param serverUrl This server as other pages reach it, without a slash at the end.
 */
export function embedSnippet(serverUrl: string, agentId: string): string {
  // The end tag is split so that this text could also stand inside a script element.
  const close = "</" + "script>";
  return `<script src="${serverUrl}/sdk/agent-sdk.browser.js">${close}
<button id="talk">Talk</button>
<script>
  document.getElementById("talk").onclick = async () => {
    // Your own back end asks ${serverUrl}/atoms/v1/conversation/register-call
    // with its API key, and hands the access token to the page: one token, one call.
    const { access_token } = await (await fetch("/my-token", { method: "POST" })).json();
    const agent = new AtomsSdk.AtomsAgent({ apiKey: access_token, agentId: "${agentId}" });
    agent.on("transcript", (e) => console.log(e.role, e.text));
    await agent.connect();
  };
${close}
`;
}
