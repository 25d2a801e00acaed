"""``vivavoce replay``: what a call decided is decided again."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from vivavoce.cli import main
from vivavoce.clock import now
from vivavoce.journal import brief_line, event_line, replay
from vivavoce.store import agents, calls, facts
from vivavoce.store.database import open_database
from vivavoce.talk import events
from vivavoce.talk.brief import Brief
from vivavoce.talk.facts import AgentSaid, CallEnded, Fact

CALL_ID = "CALL-1776756378884-6a553c"
BRIEF = Brief(mode="chat", greeting="Hello there.")
HAPPENED: tuple[events.Event, ...] = (
    events.ClientReady(0.0),
    events.Typed(1.25, "What is the price?"),
    events.ReplyText(1.5, 2, "It costs nothing. "),
    events.ReplyDone(1.75, 2),
    events.ClientLeft(3.0, "client_requested"),
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIVAVOCE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def keep(data: Path, *, stored: Sequence[Fact], happened: Sequence[events.Event], tail: bytes = b"") -> None:
    """Write a call down: its facts into the database, its events into the journal."""

    async def store() -> None:
        database = await open_database(f"sqlite:///{data / 'vivavoce.sqlite3'}")
        try:
            agent = await agents.create(database, {"name": "Ada"})
            await calls.start(database, calls.Call(CALL_ID, "session", agent.id, "chat", now()))
            await facts.write(database, [(CALL_ID, n, fact) for n, fact in enumerate(stored, start=1)])
        finally:
            await database.close()

    asyncio.run(store())
    folder = data / "recordings" / CALL_ID
    folder.mkdir(parents=True)
    lines = [brief_line(BRIEF), *map(event_line, happened)]
    (folder / "events.jsonl").write_bytes(b"".join(line + b"\n" for line in lines) + tail)


def decided(happened: Sequence[events.Event] = HAPPENED) -> list[Fact]:
    return list(replay(BRIEF, happened))


def test_a_call_decides_as_it_did(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0, the number of facts on stderr, and nothing on stdout."""
    keep(data, stored=decided(), happened=HAPPENED)
    code = main(["replay", CALL_ID])

    assert (0, ("", f"{len(decided())} facts, all as they were\n")) == (code, capsys.readouterr())
    assert CallEnded(3.0, "client_requested") == decided()[-1]
    assert "It costs nothing." in [fact.text for fact in decided() if isinstance(fact, AgentSaid) and fact.final]


def test_the_facts_can_be_read_by_programs(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object a line."""
    keep(data, stored=decided(), happened=HAPPENED)
    main(["replay", CALL_ID, "--json"])
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [type(fact).__name__ for fact in decided()] == [entry["kind"] for entry in printed]
    assert {"kind": "CallStarted", "at": 0.0, "mode": "chat"} == printed[0]


@pytest.mark.parametrize("number", range(len(decided())))
def test_each_difference_is_found(number: int, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and both versions of the first fact that differs."""
    stored = decided()
    stored[number] = replace(stored[number], at=stored[number].at + 0.001)
    keep(data, stored=stored, happened=HAPPENED)
    code = main(["replay", CALL_ID])

    assert 1 == code
    assert capsys.readouterr().err.startswith(f"fact {number + 1} was {stored[number]!r}, and is now ")


def test_a_missing_fact_is_a_difference(data: Path) -> None:
    """Also the last one: a call that ended by itself has all of them."""
    keep(data, stored=decided()[:-2], happened=HAPPENED)

    assert 1 == main(["replay", CALL_ID])


def test_a_missing_event_is_a_difference(data: Path) -> None:
    """A call that ended by itself has a complete journal."""
    keep(data, stored=decided(), happened=HAPPENED[:-1])

    assert 1 == main(["replay", CALL_ID])


@pytest.mark.parametrize("events_lost", [0, 1, 2])
@pytest.mark.parametrize("facts_lost", [0, 1, 3])
@pytest.mark.parametrize("closed", [True, False], ids=["after the next start", "before it"])
def test_a_killed_call_agrees_as_far_as_it_was_written(
    events_lost: int, facts_lost: int, closed: bool, data: Path
) -> None:
    """Facts and events lose their own last moments; the end was written by the next start, and no event tells of it."""
    happened = HAPPENED[:-1]
    told = decided(happened)
    told = told[: len(told) - facts_lost]
    end = [CallEnded(told[-1].at, "server_error")] if closed else []
    half_a_line = b'["ReplyDone",1.7'
    keep(data, stored=[*told, *end], happened=happened[: len(happened) - events_lost], tail=half_a_line)

    assert 0 == main(["replay", CALL_ID])


def test_a_killed_call_is_compared_all_the_same(data: Path) -> None:
    """What was written on both sides must agree."""
    happened = HAPPENED[:-1]
    told = decided(happened)
    told[1] = replace(told[1], at=0.5)
    keep(data, stored=[*told, CallEnded(2.0, "server_error")], happened=happened)

    assert 1 == main(["replay", CALL_ID])


def test_a_call_without_a_journal_is_one_sentence(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1; the sentence names the file."""
    code = main(["replay", "CALL-1776756378884-000000"])
    said = capsys.readouterr()

    assert (1, "", 1) == (code, said.out, said.err.count("\n"))
    assert "CALL-1776756378884-000000/events.jsonl: the call is unknown here" in said.err


def test_a_journal_that_is_none_is_one_sentence(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, no traceback."""
    keep(data, stored=decided(), happened=HAPPENED, tail=b"nonsense\n")
    code = main(["replay", CALL_ID])

    assert (1, 1) == (code, (err := capsys.readouterr().err).count("\n"))
    assert err.startswith("vivavoce: the journal has a line that is no event")
