"""A visitor who speaks without a pause for longer than a turn may be."""

import asyncio
import threading

from tests.e2e.offence import LIMIT_S
from tests.e2e.running import Server
from tests.e2e.speech import OpenMicrophone, command, steady
from vivavoce.audio.pcm import Pcm
from vivavoce.client import AgentAudio, AgentStopped, AtomsClient, SessionEnded, TranscriptHeard

__all__ = ["Endless"]

_SPEECH_S = 66.0


class Endless:
    """Speaks from a thread of its own, so that other tests can run meanwhile; ``join`` waits for the end."""

    def __init__(self, server: Server, agent_id: str) -> None:
        self.call_id = ""
        self.understood: list[str] = []
        self.answer = ""
        self.answer_s = 0.0
        self.reason = ""
        self.error: BaseException | None = None
        self.server, self._agent_id = server, agent_id
        speech = steady(command().speech, duration_s=_SPEECH_S)
        self._thread = threading.Thread(target=self._run, args=(speech,))
        self._thread.start()

    def join(self) -> None:
        """Wait until the call is over; what went wrong in it is raised here."""
        self._thread.join(_SPEECH_S + LIMIT_S)
        if self.error is not None:
            raise self.error

    def _run(self, speech: Pcm) -> None:
        try:
            asyncio.run(self._hold(speech))
        except BaseException as error:
            self.error = error

    async def _hold(self, speech: Pcm) -> None:
        async with (
            asyncio.timeout(_SPEECH_S + LIMIT_S),
            await AtomsClient.connect(self.server.url, key=self.server.key, agent_id=self._agent_id) as client,
        ):
            self.call_id = client.session.call_id
            microphone = OpenMicrophone(client)
            sending = asyncio.create_task(microphone.run())
            saying = asyncio.create_task(microphone.say(speech))
            async for message in client:
                match message:
                    case TranscriptHeard(speaker="user", text=text, final=True):
                        self.understood.append(text)
                    case TranscriptHeard(speaker="agent", text=text, final=True):
                        self.answer = text
                    case AgentAudio(pcm=pcm):
                        self.answer_s += pcm.duration_s
                    case AgentStopped():
                        break
                    case SessionEnded(reason=reason):
                        self.reason = reason
                    case _:
                        pass
            await saying
            sending.cancel()
