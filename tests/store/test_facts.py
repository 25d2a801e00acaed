"""Facts become rows, and rows become the same facts."""

import dataclasses
import typing
from collections.abc import Callable
from typing import Any

import pytest

from vivavoce.clock import now
from vivavoce.errors import StoreError
from vivavoce.speech import ToolCall, Word
from vivavoce.store import agents, calls, facts
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.store.facts import fact_to_row, row_to_fact
from vivavoce.talk.facts import CallStarted, Fact, TurnTimed, UserSaid

Play = Callable[[Callable[[Database], object]], None]
KINDS: tuple[type[Fact], ...] = typing.get_args(Fact)
# One value of every type that a field of a fact has; a new type fails here until it gets one.
# Any, because each value goes to fields of its own type.
SAMPLES: dict[object, Any] = {
    float: 0.1 + 0.2,
    int: 7,
    int | None: 7,
    bool: True,
    str: 'Grüße, 你好 \0 "quoted"\n',
    tuple[Word, ...]: (Word("one", 0.0, 0.25), Word("two", 0.25, 0.5)),
    tuple[str, ...]: ("a", "b"),
    ToolCall: ToolCall("id", "weather", '{"city": "Köln"}'),
}


def sample(kind: type[Fact]) -> Fact:
    """A fact of this kind in which no field has its default."""
    hints = typing.get_type_hints(kind)
    return kind(**{field.name: SAMPLES[hints[field.name]] for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_fact_survives_the_store(play: Play, kind: type[Fact]) -> None:
    """What is read is equal to what was written, to the last bit of a float and the last odd character."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {})
        await calls.start(database, Call("CALL-1", "s", agent.id, "webcall", now()))
        await facts.write(database, [("CALL-1", 1, sample(kind))])

        assert ((1, sample(kind)),) == await facts.read(database, "CALL-1")

    play(scenario)


def test_facts_can_be_read_a_page_at_a_time(play: Play) -> None:
    """Whoever reads a long call leaves the loop to others in between."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {})
        await calls.start(database, Call("CALL-1", "s", agent.id, "webcall", now()))
        await facts.write(database, [("CALL-1", n, CallStarted(float(n), "webcall")) for n in range(1, 8)])

        assert [4, 5, 6] == [n for n, _ in await facts.read(database, "CALL-1", after=3, most=3)]
        assert [7] == [n for n, _ in await facts.read(database, "CALL-1", after=6, most=3)]

    play(scenario)


def test_a_row_has_the_time_and_the_kind_beside_the_body() -> None:
    """Operators can ask the database for kinds and times."""
    row = fact_to_row("CALL-1", 3, UserSaid(1.5, "hi", True))

    assert {
        "call_id": "CALL-1",
        "n": 3,
        "at": 1.5,
        "kind": "UserSaid",
        "body": {"text": "hi", "final": True},
    } == row


@pytest.mark.parametrize(
    ("kind", "body"), [("Levitated", {}), ("UserSaid", {"text": 3, "final": True}), ("UserSaid", {})]
)
def test_a_row_that_cannot_be_understood_is_named(kind: str, body: dict[str, object]) -> None:
    """A store of another version is told apart from a bug."""
    with pytest.raises(StoreError, match="fact 3 of CALL-1"):
        row_to_fact({"call_id": "CALL-1", "n": 3, "at": 0.0, "kind": kind, "body": body})


def test_a_batch_may_be_written_again(play: Play) -> None:
    """After a doubtful failure the same batch is written once more; what is there stays."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {})
        await calls.start(database, Call("CALL-1", "s", agent.id, "webcall", now()))
        await facts.write(database, [("CALL-1", 1, CallStarted(0.0, "webcall"))])
        await facts.write(database, [("CALL-1", 1, CallStarted(9.0, "chat")), ("CALL-1", 2, UserSaid(1.0, "x", True))])

        assert ((1, CallStarted(0.0, "webcall")), (2, UserSaid(1.0, "x", True))) == await facts.read(database, "CALL-1")
        assert ((2, UserSaid(1.0, "x", True)),) == await facts.read(database, "CALL-1", after=1)

    play(scenario)


def test_a_fact_of_an_unknown_call_does_not_take_the_others_with_it(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be stored is counted and named; the rest of the batch is kept."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {})
        await calls.start(database, Call("CALL-1", "s", agent.id, "webcall", now()))
        await facts.write(database, [("CALL-0", 1, UserSaid(0.0, "secret", True)), ("CALL-1", 1, _TIMED)])

        assert ((1, _TIMED),) == await facts.read(database, "CALL-1")

    play(scenario)

    assert "1 facts could not be stored, because their calls are not: CALL-0" in caplog.text
    assert "secret" not in caplog.text


_TIMED = TurnTimed(1.0, 1, 0.1, 0.2, 0.3, 0.4, 0.5)
