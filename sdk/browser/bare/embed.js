// Loads the SDK from the server named in ?server=…, as a script tag with that address would.
const script = document.createElement("script");
script.src = `${new URLSearchParams(location.search).get("server")}/npm/@smallest-ai/agent-sdk/dist/agent-sdk.browser.js`;
script.onload = () => {
  const page = document.createElement("script");
  page.src = "/bare/page.js";
  document.body.append(page);
};
document.body.append(script);
