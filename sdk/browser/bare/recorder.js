// Captures what it is connected to, block by block, with the frame of the context at which each begins.
class Recorder extends AudioWorkletProcessor {
  #blocks = [];
  #from = 0;

  process([input]) {
    const block = input[0] ?? new Float32Array(128);
    if (this.#blocks.length === 0) {
      this.#from = currentFrame;
    }
    this.#blocks.push(...block);
    if (this.#blocks.length >= 4096) {
      this.port.postMessage({ from: this.#from, samples: Float32Array.from(this.#blocks) });
      this.#blocks = [];
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
