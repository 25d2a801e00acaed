"""
The ``soak`` benchmark: calls whose connections are cut again and again, and what became of every word and sample.

It measures nothing that a slow machine makes worse, except how long a call is without a connection.
"""

import asyncio
import io
import itertools
import json
import os
import time
import urllib.request
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import numpy as np
import soundfile

from bench.cut_call import RATE_HZ, CutCall, Difference, difference, hold_cut_call
from bench.figures import Spread, spread
from bench.machine import bench_cores
from bench.systems import vivavoce
from vivavoce.audio.pcm import Samples, joined
from vivavoce.engines.scripted import TWELVE_WORDS
from vivavoce.testing.proxy import Proxy

__all__ = ["SoakResult", "Soaked", "run_soak", "soaked", "words_apart"]

# The goodbye may cut off the last window of the voice detector.
_TAIL_SAMPLES = RATE_HZ // 10
_RECORD_LIMIT_S = 60.0


class Soaked(msgspec.Struct, frozen=True):
    """What became of one call."""

    call_id: str
    cuts: int
    turns: int
    reason: str
    # How long it was without a connection, each time.
    away_s: list[float]
    # Between what was said and what arrived: the agent's words at the client, the visitor's in the record.
    agent_words: Difference
    visitor_words: Difference
    # Between a call without cuts and what was played; between what was hummed and what was recorded.
    agent_samples: Difference
    visitor_samples: Difference
    # Numbers of the server's messages.
    messages: Difference

    @property
    def whole(self) -> bool:
        """Whether nothing was lost and nothing came twice."""
        found = (self.agent_words, self.visitor_words, self.agent_samples, self.visitor_samples, self.messages)
        return self.reason == "client_requested" and all(each == Difference(0, 0, 0) for each in found)


class SoakResult(msgspec.Struct, frozen=True):
    """All calls of one run."""

    calls: list[Soaked]
    away_s: Spread

    @property
    def whole(self) -> bool:
        """Whether nothing was lost and nothing came twice in any call."""
        return all(call.whole for call in self.calls)

    def markdown(self) -> str:
        """The result as tables."""
        cuts, turns = sum(call.cuts for call in self.calls), sum(call.turns for call in self.calls)
        lines = [
            f"## Soak: {len(self.calls)} calls, {turns} answers, {cuts} cuts",
            "",
            "| | lost | repeated | misplaced |",
            "|---|---:|---:|---:|",
            *(
                f"| {title} | {found.lost} | {found.repeated} | {found.misplaced} |"
                for title, found in (
                    ("words of the agent", _sum([call.agent_words for call in self.calls])),
                    ("words of the visitor", _sum([call.visitor_words for call in self.calls])),
                    ("samples of the agent, as played", _sum([call.agent_samples for call in self.calls])),
                    ("samples of the visitor, as recorded", _sum([call.visitor_samples for call in self.calls])),
                    ("messages of the server", _sum([call.messages for call in self.calls])),
                )
            ),
            "",
            f"Without a connection {self.away_s.count} times: p50 {_ms(self.away_s.p50)}, "
            f"p95 {_ms(self.away_s.p95)}, largest {_ms(self.away_s.largest)}.",
            f"Calls that were whole: {sum(call.whole for call in self.calls)} of {len(self.calls)}.",
        ]
        return "\n".join(lines) + "\n"


def run_soak(*, calls: int, cuts: int, seed: int) -> SoakResult:
    """
    Hold calls at the same time, each through a network of its own that breaks.

    Args:
        calls: How many calls.
        cuts: How often each is cut.
        seed: Of all chance.

    Raises:
        SystemExit: The server did not start.
    """
    server_core, driver_core = bench_cores()
    os.sched_setaffinity(0, {driver_core})
    with vivavoce(core=server_core) as server:
        return asyncio.run(_soak(server.url, calls=calls, cuts=cuts, seed=seed))


def soaked(call: CutCall, expected: Samples, transcript: Sequence[tuple[str, str]], recorded: Samples) -> Soaked:
    """
    What became of a call.

    Args:
        call: As its client saw it.
        expected: What each turn of the agent sounds like.
        transcript: Role and text of each turn in the record.
        recorded: The visitor's track of the recording, at ``RATE_HZ``.
    """
    hummed, heard = joined(call.hummed), recorded[recorded != 0]
    if 0 < len(hummed) - len(heard) < _TAIL_SAMPLES:
        hummed = hummed[: len(heard)]
    turns = [*call.played, *[np.zeros(0, np.int16)] * (len(call.typed) - len(call.played))]
    numbers = [message.seq for message in call.messages if message.seq]
    return Soaked(
        call_id=call.call_id,
        cuts=call.cuts,
        turns=len(call.typed),
        reason=call.reason,
        away_s=call.away_s,
        agent_words=words_apart([TWELVE_WORDS] * len(call.typed), call.final("agent")),
        visitor_words=words_apart(call.typed, [text for role, text in transcript if role == "user"]),
        agent_samples=_sum([difference(expected, played) for played in turns]),
        visitor_samples=difference(hummed, heard),
        messages=Difference(
            lost=max(numbers, default=0) - len(set(numbers)),
            repeated=len(numbers) - len(set(numbers)),
            misplaced=sum(late < early for early, late in itertools.pairwise(numbers)),
        ),
    )


def words_apart(expected: Sequence[str], got: Sequence[str]) -> Difference:
    """Compare texts word by word; a word that was changed is lost, and another one too many."""
    wanted, found = " ".join(expected).split(), " ".join(got).split()
    same = sum(block.size for block in SequenceMatcher(None, wanted, found, autojunk=False).get_matching_blocks())
    return Difference(lost=len(wanted) - same, repeated=len(found) - same, misplaced=0)


async def _soak(address: str, *, calls: int, cuts: int, seed: int) -> SoakResult:
    url = urlsplit(address)
    query = dict(parse_qsl(url.query))
    base, key, agent_id = f"http://{url.netloc}", query["token"], query["agent_id"]
    assert url.hostname is not None
    assert url.port is not None
    uncut = await hold_cut_call(base, key=key, agent_id=agent_id)
    found: list[Soaked] = []

    async def one(number: int) -> None:
        async with Proxy(str(url.hostname), int(url.port or 0)) as proxy:
            call = await hold_cut_call(base, key=key, agent_id=agent_id, cuts=cuts, proxy=proxy, seed=seed + number)
        transcript, recorded = await asyncio.to_thread(_recorded, base, key, call.call_id)
        found.append(soaked(call, uncut.played[0], transcript, recorded))
        print(f"{call.call_id}: {call.cuts} cuts, {'whole' if found[-1].whole else 'NOT WHOLE'}", flush=True)

    async with asyncio.TaskGroup() as tasks:
        for number in range(calls):
            tasks.create_task(one(number))
    return SoakResult(found, spread([away_s for call in found for away_s in call.away_s]))


def _recorded(base: str, key: str, call_id: str) -> tuple[list[tuple[str, str]], Samples]:
    """The transcript of a call and the visitor's track of its recording, once both are complete."""
    gives_up_at = time.monotonic() + _RECORD_LIMIT_S
    while not (shown := _shown(base, key, call_id))["recordingDualUrl"] or shown["status"] == "active":
        if time.monotonic() > gives_up_at:
            raise SystemExit(f"the record of {call_id} was not complete within {_RECORD_LIMIT_S:.0f} s")
        time.sleep(0.2)
    with urllib.request.urlopen(shown["recordingDualUrl"], timeout=_RECORD_LIMIT_S) as answer:
        samples, rate_hz = soundfile.read(io.BytesIO(answer.read()), dtype="int16", always_2d=True)
    if rate_hz != RATE_HZ:
        raise SystemExit(f"the recording of {call_id} has {rate_hz} Hz instead of {RATE_HZ}")
    return [(entry["role"], entry["content"]) for entry in shown["transcript"]], samples[:, 0]


def _shown(base: str, key: str, call_id: str) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{base}/atoms/v1/conversation/{call_id}", headers={"Authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=_RECORD_LIMIT_S) as answer:
        return dict(json.load(answer)["data"])


def _sum(found: Sequence[Difference]) -> Difference:
    return Difference(
        sum(each.lost for each in found),
        sum(each.repeated for each in found),
        sum(each.misplaced for each in found),
    )


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:.0f} ms"
