/** Loudness over a stretch of audio, gathered block by block. */
export class LevelMeter {
  #sum = 0;
  #count = 0;

  push(block: Float32Array): void {
    for (const sample of block) {
      this.#sum += sample * sample;
    }
    this.#count += block.length;
  }

  /** The root mean square since the last time, from 0 to 1; it begins anew. */
  take(): number {
    const level = this.#count === 0 ? 0 : Math.sqrt(this.#sum / this.#count);
    this.#sum = this.#count = 0;
    return level;
  }
}
