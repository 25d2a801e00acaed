/** The drawn sound of a call: the visitor above, the agent below, both clickable. */
import WaveSurfer from "wavesurfer.js";
import { colourWithin, onColours } from "./colours.js";
import { ask } from "./requests.js";

/** As the server draws it: values from 0 to 255. */
interface Peaks {
  readonly duration_s: number;
  readonly visitor: readonly number[];
  readonly agent: readonly number[];
}

const HEIGHT = 44;
/** What is quieter than this is drawn as quiet as it is. */
const LOUD = 40;

/** Draws it into `box`, which names the address of the outline, and follows `audio`. */
export async function drawWave(box: HTMLElement, audio: HTMLAudioElement, nonce: string): Promise<void> {
  const peaks = await ask<Peaks>(box.dataset["peaks"] ?? "");
  box.replaceChildren();
  const wave = WaveSurfer.create({
    container: box,
    media: audio,
    cspNonce: nonce,
    height: HEIGHT,
    barWidth: 2,
    barGap: 1,
    barRadius: 1,
    barMinHeight: 1,
    cursorWidth: 2,
    dragToSeek: true,
    peaks: [scaled(peaks.visitor), scaled(peaks.agent)],
    duration: peaks.duration_s,
    splitChannels: sides(),
    cursorColor: colourOf("cursor"),
  });
  onColours(() => wave.setOptions({ splitChannels: sides(), cursorColor: colourOf("cursor") }));
}

/** A colour of the player's styles, as it is now. */
const colourOf = (name: string): string =>
  colourWithin(document.getElementById("sound") ?? document.body, `wave-${name}`);

/** The two channels in the colours of the legend. */
const sides = (): { waveColor: string; progressColor: string }[] =>
  ["visitor", "agent"].map((side) => ({
    waveColor: colourOf(`${side}-rest`),
    progressColor: colourOf(side),
  }));

/** Each side on its own scale: microphones differ. */
function scaled(values: readonly number[]): number[] {
  const top = Math.max(LOUD, ...values);
  return values.map((value) => value / top);
}
