"""
A call without our SDK: the standard library, and the package ``websockets`` (``pip install websockets``).

    VIVAVOCE_KEY=sk_… AGENT_ID=… python3 raw_client.py --text "When are you open?" --save answer.wav
    VIVAVOCE_KEY=sk_… AGENT_ID=… python3 raw_client.py --wav question.wav

It asks one question, by a typed line or by a WAV file (16-bit, mono), and leaves when it has been answered.
docs/raw-protocol.md explains it step by step.
"""

import argparse
import asyncio
import base64
import json
import os
import sys
import time
import urllib.error
import urllib.request
import wave
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

SERVER = os.environ.get("VIVAVOCE_SERVER", "http://localhost:8600").rstrip("/")
FRAME_S = 0.02
# What this program lets the agent do, told to it in a JSON Schema.
CLOCK = {
    "type": "function",
    "name": "what_time_is_it",
    "description": "Tells the time where the visitor is.",
    "parameters": {"type": "object", "properties": {}},
}


def register_call(key: str, agent_id: str, input_format: str) -> dict:
    """Step 1: trade the key for a token, which opens one call within 30 seconds."""
    body = {"agent_id": agent_id, "input_audio_format": input_format, "output_audio_format": "pcm_24000"}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{SERVER}/atoms/v1/conversation/register-call", json.dumps(body).encode(), headers
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["data"]


class Microphone:
    """Sends a recording in real time, and after it the silence of a visitor who listens."""

    def __init__(self, samples: bytes, rate_hz: int) -> None:
        self.samples = samples
        self.frame_bytes = int(rate_hz * FRAME_S) * 2

    async def send(self, socket: ClientConnection) -> None:
        """Step 3: twenty milliseconds at a time, for as long as the call lasts."""
        started = time.monotonic()
        sent = 0
        while True:
            frame = self.samples[sent * self.frame_bytes : (sent + 1) * self.frame_bytes].ljust(self.frame_bytes, b"\0")
            message = {"type": "input_audio_buffer.append", "audio": base64.b64encode(frame).decode()}
            await socket.send(json.dumps(message))
            sent += 1
            # Against the clock, not after each frame: small delays would add up.
            await asyncio.sleep(max(0.0, started + sent * FRAME_S - time.monotonic()))


class Speaker:
    """What would have been heard: sound comes ahead of time, and an interruption takes back the rest."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.heard = bytearray()
        # The moment at which all that has come is played.
        self.plays_until = 0.0

    def play(self, audio: str) -> None:
        """Queue a piece of the agent's voice."""
        samples = base64.b64decode(audio)
        self.heard += samples
        self.plays_until = max(self.plays_until, time.monotonic()) + len(samples) / 2 / self.rate_hz

    def interrupt(self) -> None:
        """Drop what has not been played."""
        unplayed_s = max(0.0, self.plays_until - time.monotonic())
        unplayed_bytes = min(int(unplayed_s * self.rate_hz) * 2, len(self.heard))
        del self.heard[len(self.heard) - unplayed_bytes :]
        self.plays_until = time.monotonic()

    def save(self, path: str) -> None:
        """Write it all into a WAV file."""
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.rate_hz)
            file.writeframes(self.heard)


async def converse(socket: ClientConnection, speaker: Speaker, question: str) -> str:
    """Step 4: take what the server sends, until it says that the call is over; returns why it is."""
    asked = answering = False
    async for data in socket:
        message = json.loads(data)
        match message["type"]:
            case "session.created":
                print(f"call {message['call_id']}", flush=True)
                await socket.send(json.dumps({"type": "session.update", "tools": [CLOCK]}))
                if question:
                    await socket.send(json.dumps({"type": "input_text.send", "text": question}))
            case "agent_start_talking":
                # What began before the question is a greeting.
                answering = asked
            case "output_audio.delta":
                speaker.play(message["audio"])
            case "interruption":
                speaker.interrupt()
            case "transcript":
                print(f"{message['role']}: {message['text']}", flush=True)
                asked = asked or message["role"] == "user"
            case "function_call":
                result = {
                    "type": "function_call.result",
                    "call_id": message["call_id"],
                    "output": time.strftime("%H:%M"),
                }
                await socket.send(json.dumps(result))
            case "agent_stop_talking" if answering:
                await socket.send(json.dumps({"type": "session.close"}))
            case "error":
                print(f"error {message['code']}: {message['message']}", file=sys.stderr)
            case "session.closed":
                return message["reason"]
            case _:
                # ``transcript.delta`` and whatever a newer server may send.
                pass
    return f"the socket closed with {socket.close_code}"


async def call(key: str, agent_id: str, question: str, recording: tuple[bytes, int]) -> tuple[str, Speaker]:
    """One call from its token to its end."""
    samples, rate_hz = recording
    registered = register_call(key, agent_id, f"pcm_{rate_hz}")
    address = SERVER.replace("http", "ws", 1) + "/atoms/v1/agent/connect"
    speaker = Speaker(registered["sample_rate"])
    # Step 2: open the socket with the token.
    async with connect(f"{address}?{urlencode({'token': registered['access_token']})}") as socket:
        microphone = asyncio.create_task(Microphone(samples, rate_hz).send(socket))
        try:
            return await converse(socket, speaker, question), speaker
        finally:
            microphone.cancel()


def read_wav(path: str) -> tuple[bytes, int]:
    """The samples of a WAV file and their rate."""
    with wave.open(path) as file:
        if (file.getsampwidth(), file.getnchannels()) != (2, 1):
            sys.exit(f"{path}: 16-bit samples in one channel are needed")
        return file.readframes(file.getnframes()), file.getframerate()


def main() -> None:
    """Ask, print, and save."""
    parser = argparse.ArgumentParser(description="Hold a call with a Vivavoce agent.")
    parser.add_argument("--text", default="", help="what to ask, typed")
    parser.add_argument("--wav", default="", help="what to ask, spoken")
    parser.add_argument("--save", default="", help="a WAV file for what was heard")
    options = parser.parse_args()
    if not (options.text or options.wav):
        parser.error("give --text or --wav")
    recording = read_wav(options.wav) if options.wav else (b"", 16000)
    try:
        reason, speaker = asyncio.run(call(os.environ["VIVAVOCE_KEY"], os.environ["AGENT_ID"], options.text, recording))
    except urllib.error.HTTPError as error:
        sys.exit(f"no token: {json.load(error)['errors'][0]}")
    except InvalidStatus as error:
        # The same sentence stands in the status line and in the body.
        sys.exit(
            f"no call: {json.loads(error.response.body or b'{}').get('errors', [error.response.reason_phrase])[0]}"
        )
    print(f"the call ended: {reason}")
    if options.save:
        speaker.save(options.save)


if __name__ == "__main__":
    main()
