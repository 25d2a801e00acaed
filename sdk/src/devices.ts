/** What the SDK asks of microphones, and of the list of devices. */

// The browser's own processing: without echo cancellation the agent hears and interrupts itself.
const PROCESSING: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  channelCount: 1,
};

/** The constraints of a microphone; `undefined` is the default one. */
export const constraintsFor = (deviceId: string | undefined): MediaTrackConstraints =>
  deviceId === undefined ? PROCESSING : { ...PROCESSING, deviceId: { exact: deviceId } };

/** Releases a device, without a word to those who watch it. */
export function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}

/**
 * Whether the device `id` has been unplugged.
 *
 * Without permission browsers list devices without their ids: then nothing is known.
 */
export function isGone(devices: readonly MediaDeviceInfo[], kind: MediaDeviceKind, id: string): boolean {
  const ids = devices.filter((device) => device.kind === kind).map(({ deviceId }) => deviceId);
  return ids.some((known) => known !== "") && !ids.includes(id);
}
