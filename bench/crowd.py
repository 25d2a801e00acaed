"""All callers of one run: opens their calls at their time, and hangs up at the end."""

import asyncio
import time
from collections import Counter

from picows import WSError

from bench import clip, wire
from bench.call import Call, open_call
from bench.caller import Habits
from bench.metronome import Metronome
from bench.report import Plan
from vivavoce.audio.pcm import Pcm

__all__ = ["Crowd"]

# A frame of noise differs from its neighbours; one second in a loop is enough.
_SILENCE_LOOP_S = 1.0


class Crowd:
    """The callers of one run: opens their calls, knows them all, hangs up."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        # Keeps the time of every call.
        self.metronome = Metronome()
        # What must not happen, by name.
        self.errors: Counter[str] = Counter()
        # Every call that was opened, in order.
        self.calls: list[Call] = []
        # Ready-made messages, the same for all.
        self._speech = _messages(clip.caller_speech(wire.RATE_HZ))
        self._silence = _messages(clip.noise(_SILENCE_LOOP_S, wire.RATE_HZ, plan.noise_dbfs))
        # The script, the same for all.
        self._habits = Habits(speech_frames=len(self._speech), interrupt_every=2 if plan.converses else 0)

    async def open_one(self) -> None:
        """Open one more call; a refusal is noted as an error of the run."""
        call = Call(self._habits, speech=self._speech, silence=self._silence, errors=self.errors)
        try:
            await open_call(call, self._plan.url, self.metronome)
        except (WSError, OSError, TimeoutError) as problem:
            self.errors[f"call not opened: {type(problem).__name__}: {problem}"] += 1
            await call.close()
        else:
            self.calls.append(call)

    async def open_over(self, count: int, *, every_s: float) -> None:
        """Open calls at a steady pace, whether or not the earlier ones are through yet."""
        begins_at = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                await asyncio.sleep(max(0.0, begins_at + number * every_s - time.monotonic()))
                group.create_task(self.open_one())

    async def close(self) -> None:
        """Hang up everywhere."""
        for call in self.calls:
            self.metronome.leave(call.send_frame)
        await asyncio.gather(*(call.close() for call in self.calls))


def _messages(pcm: Pcm) -> list[bytes]:
    return [wire.microphone_message(frame) for frame in clip.frames_of(pcm)]
