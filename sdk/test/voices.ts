/** Voices and noise as their loudness, hop by hop: what an echo is measured in. */
import { HOP_S } from "../src/echo.js";
import { seeded } from "./hostile-network.js";

/** Someone who talks: syllables of different loudness and length, with pauses between the words. */
export function speech(seconds: number, seed: number, level = 0.15): number[] {
  const random = seeded(seed);
  const hops: number[] = [];
  while (hops.length < seconds / HOP_S) {
    const syllables = 1 + Math.floor(random() * 6);
    for (let syllable = 0; syllable < syllables; syllable += 1) {
      const length = 5 + Math.floor(random() * 9);
      const peak = level * (0.3 + 1.4 * random());
      for (let hop = 0; hop < length; hop += 1) {
        hops.push(peak * Math.sin((Math.PI * (hop + 0.5)) / length) + 0.0005);
      }
    }
    const pause = Math.floor(random() * (random() < 0.2 ? 60 : 15));
    hops.push(...Array.from({ length: pause }, () => 0.0005));
  }
  return hops.slice(0, seconds / HOP_S);
}

/** A steady noise, whose loudness varies from hop to hop. */
export function noise(seconds: number, seed: number, level = 0.01): number[] {
  const random = seeded(seed);
  return Array.from({ length: seconds / HOP_S }, () => level * (0.7 + 0.6 * random()));
}

export const silence = (seconds: number): number[] => Array.from({ length: seconds / HOP_S }, () => 0);

/** `voice` again, later and softer. */
export const echoOf = (voice: readonly number[], delayS: number, gain: number): number[] =>
  voice.map((_, hop) => gain * (voice[hop - Math.round(delayS / HOP_S)] ?? 0));

/** Sounds at the same time: their powers add. */
export const together = (...sounds: readonly (readonly number[])[]): number[] =>
  sounds[0]!.map((_, hop) => Math.sqrt(sounds.reduce((sum, sound) => sum + (sound[hop] ?? 0) ** 2, 0)));
