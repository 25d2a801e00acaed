/** The microphones and loudspeakers that a visitor can choose from. */

export interface Device {
  readonly id: string;
  readonly label: string;
}

export interface Devices {
  readonly microphones: readonly Device[];
  /** Empty where the browser cannot play on another device than its own. */
  readonly speakers: readonly Device[];
}

export const NO_DEVICES: Devices = { microphones: [], speakers: [] };

/** What is connected. Names are known once the microphone has been allowed; without them there is no choice. */
export async function connectedDevices(): Promise<Devices> {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  let found: MediaDeviceInfo[] = [];
  try {
    found = (await media?.enumerateDevices()) ?? [];
  } catch {
    // Forbidden by the page's policy: nothing to choose.
  }
  const ofKind = (kind: MediaDeviceKind): Device[] =>
    found
      // Chromium lists the default device a second time, under this name.
      .filter((device) => device.kind === kind && device.label !== "" && device.deviceId !== "default")
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
  const canChooseSpeaker = typeof AudioContext === "function" && "setSinkId" in AudioContext.prototype;
  return {
    microphones: ofKind("audioinput"),
    speakers: canChooseSpeaker ? ofKind("audiooutput") : [],
  };
}

interface PolicyDocument {
  readonly featurePolicy?: { allowsFeature(name: string): boolean };
}

/** Whether the page, or the frame that it is in, may use a microphone at all. Only Chromium says. */
export const microphoneAllowed = (): boolean =>
  (document as PolicyDocument).featurePolicy?.allowsFeature("microphone") ?? true;
