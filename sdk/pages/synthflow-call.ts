/**
 * One call on the Synthflow wire: raw samples both ways in binary frames, and two words of JSON.
 *
 * The client says that it is ready when its microphone delivers, and the end of the socket is the end of the call.
 */
import { PLAYBACK_PROCESSOR, type PlaybackCommand, type PlaybackOptions } from "../src/worklets/messages.js";
import { MICROPHONE_PROCESSOR } from "./synthflow-frames.js";

/** The wire's two rates, in Hz. */
const MICROPHONE_HZ = 48000;
const AGENT_HZ = 16000;

/** Where the agent's samples wait: far more than the fifth of a second by which the server runs ahead. */
const CAPACITY_S = 5;

/** How often a socket that is still connecting is asked whether it is open, in milliseconds. */
const POLL_MS = 50;

export interface CallListener {
  /** A text message came. */
  told(text: string): void;
  /** The server has been told that this client can hear. */
  ready(): void;
  closed(code: number): void;
}

export interface Call {
  stop(): void;
}

/**
 * Opens a call, and keeps it until either side closes the socket.
 *
 * Rejects when there is no microphone or no sound; the socket is closed then.
 */
export async function holdCall(url: string, listener: CallListener): Promise<Call> {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const context = new AudioContext({ sampleRate: MICROPHONE_HZ });
  const release: (() => void)[] = [() => void context.close()];
  let speaker: AudioWorkletNode | undefined;
  let closed = false;
  let received = 0;
  // Both from the first moment on: the agent says that it is ready at once.
  socket.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer | string>) => {
    if (data instanceof ArrayBuffer) {
      // Throws on an odd number of bytes, as every page of this wire does: the server sends whole samples.
      const samples = new Int16Array(data);
      // This wire knows no turns: all of the call is one.
      const command: PlaybackCommand = { type: "play", turn: 1, start: received, samples };
      received += samples.length;
      speaker?.port.postMessage(command, [data]);
    } else {
      listener.told(data);
    }
  });
  socket.addEventListener("close", ({ code }) => {
    closed = true;
    release.forEach((free) => free());
    listener.closed(code);
  });
  try {
    // The loudspeaker is the SDK's own.
    await context.audioWorklet.addModule("sdk/worklets/playback.js");
    await context.audioWorklet.addModule("synthflow-worklet.js");
    speaker = loudspeaker(context);
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    release.push(() => stream.getTracks().forEach((track) => track.stop()));
    if (closed) {
      stream.getTracks().forEach((track) => track.stop());
    } else {
      record(socket, context, stream, listener);
    }
  } catch (error) {
    socket.close();
    throw error;
  }
  return { stop: () => socket.close() };
}

/** Plays what the agent says. */
function loudspeaker(context: AudioContext): AudioWorkletNode {
  const processorOptions: PlaybackOptions = { sourceRateHz: AGENT_HZ, capacityS: CAPACITY_S };
  const speaker = new AudioWorkletNode(context, PLAYBACK_PROCESSOR, {
    numberOfInputs: 0,
    outputChannelCount: [1],
    processorOptions,
  });
  speaker.connect(context.destination);
  return speaker;
}

/** What the visitor says goes to the server, once its socket is open. */
function record(socket: WebSocket, context: AudioContext, stream: MediaStream, listener: CallListener): void {
  const microphone = new AudioWorkletNode(context, MICROPHONE_PROCESSOR, {
    numberOfOutputs: 1,
    channelCount: 1,
    channelCountMode: "explicit",
  });
  let begun = false;
  microphone.port.onmessage = ({ data }: MessageEvent<Int16Array<ArrayBuffer>>) => {
    if (!begun) {
      begun = true;
      tellReady(socket, listener);
    }
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(data);
    }
  };
  context.createMediaStreamSource(stream).connect(microphone);
  // Its output is silence. Without a way to the loudspeaker some browsers never run it.
  microphone.connect(context.destination);
}

function tellReady(socket: WebSocket, listener: CallListener): void {
  if (socket.readyState === WebSocket.CONNECTING) {
    setTimeout(() => tellReady(socket, listener), POLL_MS);
  } else if (socket.readyState === WebSocket.OPEN) {
    socket.send(JSON.stringify({ type: "status_client_ready" }));
    listener.ready();
  }
}
