/** Silences the microphone while the agent is heard, where the visitor's device does not cancel its echo. */
import { EchoMeter, HOP_S } from "./echo.js";
import { LevelMeter } from "./levels.js";
import { levelOf } from "./pcm.js";

/** `auto`: on while echo of the agent is measured in the microphone. */
export type HalfDuplex = "auto" | "on" | "off";

/** How long the room rings after the agent, in seconds. */
const AFTER_S = 0.2;

/** A hop of the agent with less than this root mean square is silence: 50 dB below full scale. */
const AUDIBLE = 0.003;

/** Fade at each end of the silence, in seconds. */
const FADE_S = 0.004;

export class HalfDuplexGate {
  readonly #mode: HalfDuplex;
  readonly #rateHz: number;
  readonly #echo = new EchoMeter();
  /** Both voices since the last hop. */
  readonly #microphone = new LevelMeter();
  readonly #agent = new LevelMeter();
  /** Samples since the last hop. */
  #count = 0;
  /** Samples until the microphone opens again. */
  #closedFor = 0;
  #gain = 1;

  /** @param rateHz Of the audio context. */
  constructor(mode: HalfDuplex, rateHz: number) {
    this.#mode = mode;
    this.#rateHz = rateHz;
  }

  /** Whether echo was measured, and the microphone is silenced for it. */
  get isEcho(): boolean {
    return this.#mode === "auto" && this.#echo.isEcho;
  }

  /** Silences `block` of the microphone, in place, as far as `agent`, heard at the same time, asks for it. */
  process(block: Float32Array, agent: Float32Array | undefined): void {
    if (this.#mode === "off") {
      return;
    }
    this.#measure(block, agent);
    if (agent && levelOf(agent, 1) > AUDIBLE) {
      this.#closedFor = block.length + (AFTER_S + this.#echo.delayS) * this.#rateHz;
    }
    const closed = this.#closedFor > 0 && (this.#mode === "on" || this.#echo.isEcho);
    const change = (closed ? -1 : 1) / (FADE_S * this.#rateHz);
    for (let index = 0; index < block.length; index += 1) {
      this.#gain = Math.min(1, Math.max(0, this.#gain + change));
      block[index] = block[index]! * this.#gain;
    }
    this.#closedFor = Math.max(0, this.#closedFor - block.length);
  }

  #measure(block: Float32Array, agent: Float32Array | undefined): void {
    this.#microphone.push(block);
    if (agent) {
      this.#agent.push(agent);
    }
    this.#count += block.length;
    if (this.#count >= HOP_S * this.#rateHz) {
      this.#count = 0;
      this.#echo.push(this.#microphone.take(), this.#agent.take());
    }
  }
}
