/** The page of one call: its player, or, while the call goes on, what is being said. */
import "./call.css";
import { followCall } from "../call-live.js";
import { mountPlayer } from "../call-player.js";
import { poll } from "../polling.js";
import { tick } from "../ticking.js";

poll();
tick();

const call = document.querySelector<HTMLElement>("#call");
const list = document.querySelector<HTMLElement>("#turns");
if (call && list) {
  if (call.dataset["live"] === undefined) {
    const mount = (): void => mountPlayer(list, call.dataset["nonce"] ?? "");
    mount();
    // The recording may come later than the page.
    document.addEventListener("htmx:afterSettle", mount);
  } else {
    followCall(call, list);
  }
}
