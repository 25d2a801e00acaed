import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CREATED } from "./fake-browser.js";
import { accept, scene, type Scene } from "./scene.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("rates", () => {
  const rates = ({ browser }: Scene): unknown[] => [
    browser.microphone.options.processorOptions,
    (browser.loudspeaker.options.processorOptions as { sourceRateHz: number }).sourceRateHz,
  ];

  /** Both voices follow the server's word. */
  test("follow session.created", async () => {
    const made = scene({ sampleRate: 16000 });
    void made.agent.connect();
    await accept(made, { ...CREATED, sample_rate: 16000 });

    expect(rates(made)).toEqual([{ targetRateHz: 16000 }, 16000]);
  });

  /** A rate for the microphone alone leaves the agent's voice at the session's rate. */
  test("differ when the page asks for a microphone rate of its own", async () => {
    const made = scene({ sampleRate: 48000 });
    void made.agent.connect();
    await accept(made);

    expect(rates(made)).toEqual([{ targetRateHz: 48000 }, 24000]);
  });

  /** A token may have fixed other formats than the page asks for; the URL is then ignored. */
  test("follow the formats that a token has fixed", async () => {
    const made = scene({ sampleRate: 48000 });
    void made.agent.connect();
    await accept(made, { ...CREATED, sample_rate: 16000, input_audio_format: "pcm_8000" });

    expect(rates(made)).toEqual([{ targetRateHz: 8000 }, 16000]);
  });
});
