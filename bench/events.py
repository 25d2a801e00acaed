"""
The ``events`` benchmark: what readers of events cost a busy call, and how soon they know.

One call of the usual workload runs throughout; besides, its visitor types a line every second, which makes more events
than anybody's speech. Windows without readers and with them take turns, so that neighbours in
time meet the same host; the difference is what the readers cost.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import uvloop
from picows import WSFrame, WSMsgType, WSTransport

from bench import clip, machine, wire
from bench.call import Call, open_call
from bench.caller import Habits
from bench.event_reader import EventReader, Received, arrivals, open_readers
from bench.figures import Spread, spread
from bench.goals import Verdict
from bench.metronome import Metronome
from bench.systems import Server, vivavoce
from bench.tables import table, verdicts_table

__all__ = ["EventsResult", "Window", "run_events"]

_MOST_ADDED_SHARE = 0.05
_MOST_DELAY_S = 0.05
# After readers have come or gone.
_SETTLE_S = 1.5
# The agent's first answers, before anything is measured.
_WARM_UP_S = 8.0
_LINE_EVERY_S = 1.0
_LINE = b'{"type":"input_text.send","text":"And what about tomorrow?"}'


class Window(msgspec.Struct, frozen=True):
    """One stretch of time, with or without readers; shares are of one core."""

    readers: int
    window_s: float
    server_share: float
    others_share: float
    # Events that each reader got, and their delays over all readers.
    events: int
    delay: Spread


@dataclass(frozen=True, slots=True)
class EventsResult:
    """All windows, in order."""

    readers: int
    windows: list[Window] = field(default_factory=list)
    # Events of each type that one reader got.
    types: dict[str, int] = field(default_factory=dict)
    # Every delay that was measured, in seconds.
    delays_s: list[float] = field(default_factory=list)

    @property
    def added_shares(self) -> list[float]:
        """What the readers added in each round, as a share of a core."""
        pairs = zip(self.windows[::2], self.windows[1::2], strict=True)
        return [crowded.server_share - alone.server_share for alone, crowded in pairs]

    def verdicts(self) -> list[Verdict]:
        """The goals."""
        added, delay_s = median(self.added_shares), spread(self.delays_s).p99
        return [
            Verdict(
                f"CPU that {self.readers} readers add to a call, of one core",
                f"< {_MOST_ADDED_SHARE:.0%}",
                f"{added:.2%}",
                added < _MOST_ADDED_SHARE,
            ),
            Verdict(
                "from a fact to its reader, p99",
                f"< {_MOST_DELAY_S * 1000:.0f} ms",
                "none came" if delay_s is None else f"{delay_s * 1000:.1f} ms",
                delay_s is not None and delay_s < _MOST_DELAY_S,
            ),
        ]

    def markdown(self) -> str:
        """The whole result for a reader."""
        rows = [
            [
                str(window.readers),
                f"{window.server_share:.2%}",
                f"{window.others_share:.1%}",
                str(window.events),
                *(
                    "" if value is None else f"{value * 1000:.1f} ms"
                    for value in (window.delay.p50, window.delay.p99, window.delay.largest)
                ),
            ]
            for window in self.windows
        ]
        head = ["readers", "server, of a core", "others", "events each", "delay p50", "delay p99", "largest"]
        told = ", ".join(f"{count} {name}" for name, count in sorted(self.types.items()))
        return "\n".join(
            [
                f"## Events: {self.readers} readers of one busy call\n",
                table(head, rows),
                f"Events: {told}.\n",
                "### Goals\n",
                verdicts_table(self.verdicts()),
            ]
        )


class _BusyCall(Call):
    """A call that knows its id, and types besides speaking."""

    call_id = ""
    _open: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        super().on_ws_connected(transport)
        self._open = transport

    async def type_lines(self) -> None:
        """Type a line every second, until cancelled."""
        while self._open is not None:
            self._open.send(WSMsgType.TEXT, _LINE)
            await asyncio.sleep(_LINE_EVERY_S)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if not self.call_id and frame.msg_type == WSMsgType.TEXT:
            self.call_id = str(msgspec.json.decode(frame.get_payload_as_memoryview()).get("call_id", ""))
        super().on_ws_frame(transport, frame)


def run_events(*, readers: int, window_s: float, rounds: int) -> EventsResult:
    """
    Measure.

    Args:
        readers: How many read the call.
        window_s: Seconds of each window.
        rounds: Pairs of windows, without readers and with them.

    Raises:
        SystemExit: The server did not start, or refused a reader.
    """
    server_core, driver_core = machine.bench_cores()
    with vivavoce(core=server_core) as server:
        machine.pin(driver_core)
        return uvloop.run(_measure(server, server_core, EventsResult(readers), window_s=window_s, rounds=rounds))


async def _measure(server: Server, core: int, result: EventsResult, *, window_s: float, rounds: int) -> EventsResult:
    speech = [wire.microphone_message(frame) for frame in clip.frames_of(clip.caller_speech(wire.RATE_HZ))]
    silence = [wire.microphone_message(frame) for frame in clip.frames_of(clip.noise(1.0, wire.RATE_HZ, None))]
    metronome, errors = Metronome(), Counter[str]()
    call = _BusyCall(Habits(speech_frames=len(speech)), speech=speech, silence=silence, errors=errors)
    await open_call(call, server.url, metronome)
    metronome.start()
    typing = asyncio.create_task(call.type_lines(), name="typing")
    address = urlsplit(server.url)
    query = urlencode({"callId": call.call_id, "token": parse_qs(address.query)["token"][0]})
    await asyncio.sleep(_WARM_UP_S)
    for _ in range(rounds):
        result.windows.append(await _window(server, core, [], window_s))
        crowd = await open_readers(result.readers, port=address.port or 80, path=f"/atoms/v1/events?{query}")
        await asyncio.sleep(_SETTLE_S)
        began_s = time.time()
        window = await _window(server, core, crowd, window_s)
        received = [_within(reader, began_s, began_s + window_s) for reader in crowd]
        delays_s = [event.delay_s for events in received for event in events]
        for event in received[0]:
            result.types[event.type] = result.types.get(event.type, 0) + 1
        result.delays_s.extend(delays_s)
        result.windows.append(
            msgspec.structs.replace(window, events=min(len(events) for events in received), delay=spread(delays_s))
        )
        for reader in crowd:
            if reader.transport is not None:
                reader.transport.abort()
        await asyncio.sleep(_SETTLE_S)
    metronome.stop()
    typing.cancel()
    await call.close()
    if errors:
        raise SystemExit(f"The call was not as it should be: {dict(errors)}.")
    return result


def _within(reader: EventReader, begins_s: float, ends_s: float) -> list[Received]:
    """What a reader got within a window. What he was told of the past came before."""
    return [event for event in arrivals(reader.pieces) if begins_s <= event.at_s < ends_s]


async def _window(server: Server, core: int, crowd: list[EventReader], window_s: float) -> Window:
    cpu_s, busy, began_s = _cpu_s(server.pid), machine.core_time(core), time.monotonic()
    await asyncio.sleep(window_s)
    elapsed_s = time.monotonic() - began_s
    server_share = (_cpu_s(server.pid) - cpu_s) / elapsed_s
    programs_share = (machine.core_time(core).programs_s - busy.programs_s) / elapsed_s
    return Window(len(crowd), elapsed_s, server_share, max(0.0, programs_share - server_share), 0, spread([]))


def _cpu_s(pid: int) -> float:
    """
    Processor time of the server so far, in seconds, to the nanosecond: one call costs less than the usual ticks show.

    Source: the kernel's documentation of ``/proc/PID/schedstat``. The server has no other processes with scripted
    engines; threads that have ended are not counted.
    """
    tasks = (Path("/proc") / str(pid) / "task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9
