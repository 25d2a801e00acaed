import type { Browser } from "./browser.js";
import { microphoneRequired } from "./errors.js";
import { levelOf } from "./pcm.js";
import { CAPTURE_PROCESSOR, type CaptureCommand, type CaptureOptions } from "./worklets/messages.js";

// The browser's own processing: without echo cancellation the agent hears and interrupts itself.
const PROCESSING: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  channelCount: 1,
};

export interface MicrophoneListener {
  /** A frame of 40 ms at the rate of `start()`. */
  frame(samples: Int16Array<ArrayBuffer>): void;
  /** The device is gone and no other could be opened. */
  lost(error: unknown): void;
}

/** The visitor's microphone, from the permission prompt to frames. */
export class Microphone {
  readonly #browser: Browser;
  readonly #context: AudioContext;
  readonly #listener: MicrophoneListener;
  #stream: MediaStream | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #node: AudioWorkletNode | undefined;
  #muted = false;
  #level = 0;
  #stopped = false;
  /** Counts the devices that were asked for, so that the last one stays. */
  #choice = 0;

  constructor(browser: Browser, context: AudioContext, listener: MicrophoneListener) {
    this.#browser = browser;
    this.#context = context;
    this.#listener = listener;
  }

  /** Loudness of the last frame, from 0 to 1; 0 while muted. */
  get level(): number {
    return this.#level;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    this.#level = 0;
    this.#tell({ type: "mute", muted });
    this.#silenceTracks();
  }

  /**
   * Asks for the microphone.
   *
   * Rejects with `Microphone access required`; the `cause` is the browser's own error.
   */
  async open(deviceId: string | undefined): Promise<void> {
    this.#choice += 1;
    const own = this.#choice;
    const constraints =
      deviceId === undefined ? PROCESSING : { ...PROCESSING, deviceId: { exact: deviceId } };
    let stream;
    try {
      stream = await this.#browser.openMicrophone(constraints);
    } catch (error) {
      throw microphoneRequired(error);
    }
    // The call may be over by now, or another device chosen.
    if (this.#stopped || own !== this.#choice) {
      stopTracks(stream);
      return;
    }
    this.#drop();
    this.#use(stream);
  }

  /** Goes on with another device: the present one is let go when the other is open. */
  async change(deviceId: string | undefined): Promise<void> {
    if (!this.#stopped) {
      await this.open(deviceId);
    }
  }

  /** Begins to deliver frames at `rateHz`. The worklet must be loaded and the microphone open. */
  start(rateHz: number): void {
    if (this.#stopped) {
      return;
    }
    const processorOptions: CaptureOptions = { targetRateHz: rateHz };
    this.#node = this.#browser.createWorkletNode(this.#context, CAPTURE_PROCESSOR, {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      outputChannelCount: [1],
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions,
    });
    this.#node.port.onmessage = ({ data }: MessageEvent<Int16Array<ArrayBuffer>>) => this.#receive(data);
    this.#tell({ type: "mute", muted: this.#muted });
    // The node's output is silence. Without a way to the loudspeaker some browsers never run it.
    this.#node.connect(this.#context.destination);
    this.#source?.connect(this.#node);
  }

  /** Releases the device, also when the prompt is still open. */
  stop(): void {
    this.#stopped = true;
    this.#level = 0;
    this.#node?.disconnect();
    this.#drop();
  }

  #use(stream: MediaStream): void {
    this.#stream = stream;
    this.#silenceTracks();
    // An unplugged device ends its track: go on with the default one.
    for (const track of stream.getAudioTracks()) {
      track.onended = () => void this.#replace();
    }
    this.#source = this.#context.createMediaStreamSource(stream);
    if (this.#node) {
      this.#source.connect(this.#node);
    }
  }

  async #replace(): Promise<void> {
    this.#drop();
    try {
      await this.open(undefined);
    } catch (error) {
      if (!this.#stopped) {
        this.#level = 0;
        this.#listener.lost(error);
      }
    }
  }

  #receive(samples: Int16Array<ArrayBuffer>): void {
    // A frame may have been on its way when the visitor muted.
    if (!this.#muted && !this.#stopped) {
      this.#level = levelOf(samples, 32768);
      this.#listener.frame(samples);
    }
  }

  #silenceTracks(): void {
    for (const track of this.#stream?.getAudioTracks() ?? []) {
      track.enabled = !this.#muted;
    }
  }

  #drop(): void {
    this.#source?.disconnect();
    this.#source = undefined;
    if (this.#stream) {
      stopTracks(this.#stream);
      this.#stream = undefined;
    }
  }

  #tell(command: CaptureCommand): void {
    this.#node?.port.postMessage(command);
  }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}
