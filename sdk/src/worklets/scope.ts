/** What the global scope of an audio worklet offers; TypeScript's library does not describe it. */
interface WorkletScope {
  /** Rate of the audio context, in Hz. */
  readonly sampleRate: number;
  readonly AudioWorkletProcessor: new (options: AudioWorkletNodeOptions) => { readonly port: MessagePort };
  registerProcessor(name: string, processor: unknown): void;
}

export const scope = globalThis as unknown as WorkletScope;
