/** Sound for the fake microphone, and how to measure what arrives. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Sound {
  readonly rateHz: number;
  readonly samples: Int16Array;
}

const RECORDINGS = fileURLToPath(new URL("../../../shared/audio/", import.meta.url));

/** Reads a WAV file of 16-bit mono PCM. */
export function parseWav(file: Buffer): Sound {
  let rateHz = 0;
  for (let at = 12; at + 8 <= file.length;) {
    const name = file.toString("latin1", at, at + 4);
    // A file that was written to a pipe does not know its own length.
    const size = Math.min(file.readUInt32LE(at + 4), file.length - at - 8);
    if (name === "fmt ") {
      rateHz = file.readUInt32LE(at + 12);
    } else if (name === "data") {
      return { rateHz, samples: toSamples(file.subarray(at + 8, at + 8 + size)) };
    }
    at += 8 + size + (size % 2);
  }
  throw new Error("the WAV file has no data chunk");
}

/** Samples of little-endian 16-bit bytes. */
export function toSamples(bytes: Buffer): Int16Array {
  return Int16Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readInt16LE(2 * index));
}

export function toWav({ rateHz, samples }: Sound): Buffer {
  const file = Buffer.alloc(44 + 2 * samples.length);
  file.write("RIFF", 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rateHz, 24);
  file.writeUInt32LE(2 * rateHz, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((sample, index) => file.writeInt16LE(sample, 44 + 2 * index));
  return file;
}

/** A recorded sentence of a real voice, or the same words by espeak-ng where the recording is not at hand. */
export function sentence(recording: string, words: string): Sound {
  const path = join(RECORDINGS, recording);
  if (existsSync(path)) {
    return parseWav(readFileSync(path));
  }
  const spoken = execFileSync("espeak-ng", ["--stdout", "-s", "150", words], { maxBuffer: 64 * 1024 * 1024 });
  return parseWav(spoken);
}

/** Sounds one after the other, each after its silence; all of one rate. */
export function sequence(parts: readonly (readonly [silenceS: number, sound: Sound])[], endS: number): Sound {
  const rateHz = parts[0]?.[1].rateHz ?? 16000;
  const count = (seconds: number): number => Math.round(seconds * rateHz);
  const length = parts.reduce(
    (sum, [silenceS, sound]) => sum + count(silenceS) + sound.samples.length,
    count(endS),
  );
  const samples = new Int16Array(length);
  let at = 0;
  for (const [silenceS, sound] of parts) {
    if (sound.rateHz !== rateHz) {
      throw new Error(`the sounds have different rates: ${rateHz} Hz and ${sound.rateHz} Hz`);
    }
    at += count(silenceS);
    samples.set(sound.samples, at);
    at += sound.samples.length;
  }
  return { rateHz, samples };
}

/** Nothing to hear. */
export const silence = (seconds: number, rateHz = 16000): Sound => ({
  rateHz,
  samples: new Int16Array(seconds * rateHz),
});

/** Short beeps with pauses: noise suppression takes an endless tone for noise, and beeps for sound. */
export function beeps(frequencyHz: number, seconds: number, rateHz = 48000): Sound {
  const samples = Int16Array.from({ length: seconds * rateHz }, (_, index) => {
    const time = index / rateHz;
    const on = time % 0.5 < 0.2 ? 1 : 0;
    return on * 16000 * Math.sin(2 * Math.PI * frequencyHz * time);
  });
  return { rateHz, samples };
}

/** A steady tone. */
export function tone(frequencyHz: number, seconds: number, rateHz: number): Int16Array {
  const step = (2 * Math.PI * frequencyHz) / rateHz;
  return Int16Array.from({ length: seconds * rateHz }, (_, index) => 12000 * Math.sin(step * index));
}

/** The root mean square of 16-bit samples, from 0 to 1. */
export function loudness(samples: Int16Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  return Math.sqrt(power) / 32768;
}

/** The pitch of a clean tone, by its zero crossings, in Hz. */
export function pitchHz(samples: Int16Array, rateHz: number): number {
  let crossings = 0;
  for (let index = 1; index < samples.length; index += 1) {
    crossings += samples[index - 1]! < 0 && samples[index]! >= 0 ? 1 : 0;
  }
  return (crossings * rateHz) / samples.length;
}

/** A WAV file that exists as long as `use` runs. */
export async function withWav<Result>(sound: Sound, use: (path: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "vivavoce-sound-"));
  const path = join(folder, "microphone.wav");
  writeFileSync(path, toWav(sound));
  try {
    return await use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
