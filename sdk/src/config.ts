/** What a page says of its call. */
import type { CallMode } from "./address.js";
import type { HalfDuplex } from "./audio.js";

export interface AtomsAgentConfig {
  /**
   * An access token (`wct_…`: for one call, safe in a page) or an API key (`sk_…`: keep it out of pages);
   * or a function that fetches one while the microphone is being opened, anew for each call.
   */
  apiKey: string | (() => Promise<string>);
  /** The agent to talk to. */
  agentId: string;
  /**
   * The server: a ws, wss, http or https URL, with or without the path of the API.
   * Default: the server that this script was loaded from, else the page's own.
   */
  baseUrl?: string;
  /**
   * Rate of the audio in Hz, default 24000: 8000, 16000 or 24000 for both directions;
   * 22050, 44100 or 48000 for the microphone only.
   */
  sampleRate?: number;
  /** Default `webcall`. `chat`: no audio at all; `sendText()` asks, `transcript` answers. */
  mode?: CallMode;
  /** Default true. `false`: no microphone before `startMicrophone()`; `mute()` and `unmute()` do nothing until then. */
  autoCaptureMic?: boolean;
  /** The microphone to use, an id from `enumerateDevices()`. */
  captureDeviceId?: string;
  /** The loudspeaker to use, an id from `enumerateDevices()`; Chromium only. */
  playbackDeviceId?: string;
  /** The folder of `capture.js` and `playback.js`. Default: `worklets/` beside this script. */
  workletUrl?: string;
  /**
   * Default `auto`: where the agent is heard in the microphone, the microphone is silent while the agent speaks.
   * `on`: always so; `off`: never.
   */
  halfDuplex?: HalfDuplex;
  /**
   * Default true: asks the server for its extension of the wire, with captions, and a call that survives its
   * socket. `false`: the plain Atoms wire.
   */
  extension?: boolean;
  /** Default false. `true`: asks for Opus instead of PCM, where browser and server have it. */
  opus?: boolean;
}
