/** Samples and their wire form: PCM signed 16-bit little-endian mono, as base64 inside JSON. */

// The native base64 of newer engines (ES2026), several times faster than btoa on long strings.
interface NativeBase64 {
  toBase64?: () => string;
}
interface NativeBase64Constructor {
  fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}

// String.fromCharCode takes its bytes as arguments, and engines limit their number (65,536 in JavaScriptCore).
const BYTES_PER_CALL = 0x2000;

/** The base64 text of `bytes`. */
export function encodeBase64(bytes: Uint8Array): string {
  const native = (bytes as NativeBase64).toBase64;
  if (native) {
    return native.call(bytes);
  }
  let binary = "";
  for (let start = 0; start < bytes.length; start += BYTES_PER_CALL) {
    const slice = bytes.subarray(start, start + BYTES_PER_CALL);
    binary += String.fromCharCode.apply(null, slice as unknown as number[]);
  }
  return btoa(binary);
}

/**
 * The bytes of base64 `text`.
 *
 * Throws a `SyntaxError` or an `InvalidCharacterError` (DOMException) when `text` is not base64.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as unknown as NativeBase64Constructor).fromBase64;
  if (native) {
    return native(text);
  }
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) {
    bytes[index] = binary.charCodeAt(index);
  }
  return bytes;
}

/** The samples in `bytes`; the odd last byte of a torn frame is left out. */
export function samplesOf(bytes: Uint8Array<ArrayBuffer>): Int16Array<ArrayBuffer> {
  return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
}

/** A sample from -1 to 1 as a signed 16-bit number, clipped. */
export function toInt16(sample: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
}

/** The root mean square of samples as a share of `fullScale`, from 0 (silence) to 1. */
export function levelOf(samples: Int16Array | Float32Array, fullScale: number): number {
  let sum = 0;
  for (const sample of samples) {
    sum += sample * sample;
  }
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length) / fullScale;
}
