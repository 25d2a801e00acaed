/**
 * Changes the rate of a stream of samples with a windowed-sinc low-pass filter.
 *
 * The ratio of two rates is a fraction L/M in lowest terms. Output sample k lies at input position k·M/L,
 * so only L different sub-sample positions exist; the filter for each (a "phase") is computed once.
 * The position is kept in whole numbers: the stream neither drifts nor clicks, however long it runs.
 *
 * Source of the filter design: J. F. Kaiser's window and its rule β = 0.1102·(A − 8.7) for A dB of stop band.
 */

// Reaches of the filter to each side, in samples of the lower of the two rates. More is steeper and later:
// 32 samples are 2 ms at 16 kHz.
const REACH = 32;

// How deep frequencies above the lower Nyquist limit are pushed down. Speech in 16 bits needs no more.
const STOP_BAND_DB = 80;

/** The zeroth modified Bessel function of the first kind, by its power series. */
function bessel0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The filter of every phase, one after the other, `taps` coefficients each; each sums to 1. */
function designFilter(phases: number, taps: number, scale: number): Float32Array {
  const beta = 0.1102 * (STOP_BAND_DB - 8.7);
  // Kaiser: the transition band, in cycles per sample of the lower rate. It ends at the Nyquist limit.
  const transition = (STOP_BAND_DB - 7.95) / (2.285 * 2 * Math.PI * 2 * REACH);
  const cutoff = (0.5 - transition / 2) * scale;
  const half = taps / 2;
  const filter = new Float32Array(phases * taps);
  for (let phase = 0; phase < phases; phase += 1) {
    const row = filter.subarray(phase * taps, (phase + 1) * taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const t = tap - half + 1 - phase / phases;
      const x = 2 * Math.PI * cutoff * t;
      const sinc = x === 0 ? 1 : Math.sin(x) / x;
      const edge = t / half;
      const window = Math.abs(edge) >= 1 ? 0 : bessel0(beta * Math.sqrt(1 - edge * edge));
      row[tap] = sinc * window;
      sum += sinc * window;
    }
    for (let tap = 0; tap < taps; tap += 1) {
      row[tap] = row[tap]! / sum;
    }
  }
  return filter;
}

/** Resamples one stream, block by block. */
export class Resampler {
  /** Output samples per period of the fraction (L). */
  readonly #up: number;
  /** Input samples per period of the fraction (M). */
  readonly #down: number;
  /** Coefficients per phase. */
  readonly #taps: number;
  /** All phases, row by row. */
  readonly #filter: Float32Array;
  /** Input not yet left behind by the filter. */
  #input: Float32Array;
  /** How many samples of `#input` are filled. */
  #filled = 0;
  /** Where in `#input` the filter of the next output sample begins. */
  #at = 0;
  /** The phase of the next output sample, 0 to L − 1. */
  #phase = 0;
  /** Output of the last call; it grows as needed and is handed out as a view. */
  #output = new Float32Array(256);

  /**
   * @param sourceRateHz Rate of the samples that come in, in Hz.
   * @param targetRateHz Rate of the samples that go out, in Hz.
   */
  constructor(sourceRateHz: number, targetRateHz: number) {
    const divisor = greatestCommonDivisor(sourceRateHz, targetRateHz);
    this.#up = targetRateHz / divisor;
    this.#down = sourceRateHz / divisor;
    const scale = Math.min(1, targetRateHz / sourceRateHz);
    this.#taps = 2 * Math.ceil(REACH / scale);
    const copies = this.#up === 1 && this.#down === 1;
    this.#filter = copies ? new Float32Array(0) : designFilter(this.#up, this.#taps, scale);
    this.#input = new Float32Array(4 * this.#taps + 256);
    this.reset();
  }

  /** Forgets the past, as if the next block were the first. */
  reset(): void {
    // Silence before the first sample, so that the first output lies exactly on it.
    this.#filled = this.#taps / 2 - 1;
    this.#input.fill(0, 0, this.#filled);
    this.#at = 0;
    this.#phase = 0;
  }

  /** The samples that `block` completes: a view that is valid until the next call. */
  process(block: Float32Array): Float32Array {
    if (this.#filter.length === 0) {
      return block;
    }
    this.#take(block);
    const most = Math.ceil(((this.#filled - this.#at) * this.#up) / this.#down) + 1;
    if (this.#output.length < most) {
      this.#output = new Float32Array(2 * most);
    }
    let made = 0;
    while (this.#at + this.#taps <= this.#filled) {
      const row = this.#phase * this.#taps;
      let sum = 0;
      for (let tap = 0; tap < this.#taps; tap += 1) {
        sum += this.#filter[row + tap]! * this.#input[this.#at + tap]!;
      }
      this.#output[made] = sum;
      made += 1;
      const next = this.#phase + this.#down;
      this.#at += Math.floor(next / this.#up);
      this.#phase = next % this.#up;
    }
    this.#leaveBehind();
    return this.#output.subarray(0, made);
  }

  #take(block: Float32Array): void {
    const needed = this.#filled + block.length;
    if (this.#input.length < needed) {
      const larger = new Float32Array(2 * needed);
      larger.set(this.#input.subarray(0, this.#filled));
      this.#input = larger;
    }
    this.#input.set(block, this.#filled);
    this.#filled = needed;
  }

  #leaveBehind(): void {
    const done = Math.min(this.#at, this.#filled);
    this.#input.copyWithin(0, done, this.#filled);
    this.#filled -= done;
    this.#at -= done;
  }
}
