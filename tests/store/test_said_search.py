"""Calls are found by what was said in them, as far back as the time allows."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.store.made_calls import BEGAN, call_id, make_agent, make_call
from vivavoce.store import facts, said_search
from vivavoce.store.call_lists import CallFilter
from vivavoce.store.database import Database
from vivavoce.store.said_search import Found, Place, SaidPage, search_said
from vivavoce.talk.facts import AgentSaid, Fact, ToolEnded, UserSaid

Play = Callable[[Callable[[Database], object]], None]
ENOUGH_S = 60.0


async def _say(database: Database, number: int, *told: Fact) -> None:
    agent = await make_agent(database)
    stored = await make_call(database, number, agent)
    await facts.write(database, [(stored, n, fact) for n, fact in enumerate(told, 1)])


async def _found(database: Database, words: str, wanted: CallFilter | None = None) -> list[str]:
    page = await search_said(database, wanted or CallFilter(), words, most=10, limit_s=ENOUGH_S)

    assert page.rest is None
    return [found.text for found in page.found]


def test_both_sides_are_searched_and_the_newest_call_comes_first(play: Play) -> None:
    """With what was said, the first time it was said in a call."""

    async def scenario(database: Database) -> None:
        await _say(database, 0, AgentSaid(1.0, 1, "We have a table.", True), UserSaid(2.0, "A table!", True))
        await _say(database, 1, UserSaid(1.0, "Is there a table?", True))
        await _say(database, 2, UserSaid(1.0, "Is there a chair?", True))
        page = await search_said(database, CallFilter(), "table", most=10, limit_s=ENOUGH_S)

        assert SaidPage((Found(call_id(1), "Is there a table?"), Found(call_id(0), "We have a table.")), None) == page

    play(scenario)


def test_only_what_is_certain_and_was_said_is_searched(play: Play) -> None:
    """Neither guesses of speech-to-text nor the answers of tools."""

    async def scenario(database: Database) -> None:
        await _say(database, 0, UserSaid(1.0, "a stable", False), UserSaid(2.0, "a cable", True))
        await _say(database, 1, ToolEnded(1.0, "c", "look", "a stable"))

        assert [] == await _found(database, "stable")

    play(scenario)


@pytest.mark.parametrize("words", ["ÜBER", "über", "Über die", "DIE brücke"])
def test_upper_and_lower_case_do_not_matter(play: Play, words: str) -> None:
    """In other languages neither."""

    async def scenario(database: Database) -> None:
        await _say(database, 0, UserSaid(1.0, "Über die Brücke", True), UserSaid(2.0, "über sie", True))

        assert ["Über die Brücke"] == await _found(database, words)

    play(scenario)


@pytest.mark.parametrize("words", ["100%", "a_b", '"quoted"', "\\"])
def test_signs_stand_for_themselves(play: Play, words: str) -> None:
    """Those that a database takes for something else as well."""

    async def scenario(database: Database) -> None:
        await _say(database, 0, UserSaid(1.0, 'so 100% of a_b is "quoted" \\', True))
        await _say(database, 1, UserSaid(1.0, "so 100 of aXb is quoted", True))

        assert ['so 100% of a_b is "quoted" \\'] == await _found(database, words)

    play(scenario)


def test_the_other_filters_hold_as_well(play: Play) -> None:
    """What they leave out is not looked at."""

    async def scenario(database: Database) -> None:
        await _say(database, 0, UserSaid(1.0, "table one", True))
        await _say(database, 1, UserSaid(1.0, "table two", True))

        assert ["table two"] == await _found(database, "table", CallFilter(started_from=BEGAN + timedelta(minutes=1)))

    play(scenario)


def test_a_full_page_ends_with_its_last_call_and_the_next_goes_on_behind_it(play: Play) -> None:
    """No call comes twice, and none is left out."""

    async def scenario(database: Database) -> None:
        for number in range(5):
            await _say(database, number, UserSaid(1.0, f"table {number}", True))
        texts: list[list[str]] = []
        after: Place | None = None
        for _ in range(3):
            page = await search_said(database, CallFilter(), "table", after=after, most=2, limit_s=ENOUGH_S)
            texts.append([found.text for found in page.found])
            after = page.rest

        assert [["table 4", "table 3"], ["table 2", "table 1"], ["table 0"]] == texts
        assert after is None

    play(scenario)


def test_a_search_stops_when_its_time_is_over_and_says_how_far_it_came(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one goes on there."""
    monkeypatch.setattr(said_search, "_FIRST", 2)

    async def scenario(database: Database) -> None:
        for number in range(3):
            await _say(database, number, UserSaid(1.0, "nothing" if number else "table", True))
        page = await search_said(database, CallFilter(), "table", most=2, limit_s=0.0)

        assert SaidPage((), Place(BEGAN + timedelta(hours=1), call_id(1))) == page
        further = await search_said(database, CallFilter(), "table", after=page.rest, most=2, limit_s=0.0)
        assert [call_id(0)] == [found.call_id for found in further.found]

    play(scenario)
