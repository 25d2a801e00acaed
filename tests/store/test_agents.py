"""Agents are stored, found, changed, archived and listed."""

import asyncio
from collections.abc import Callable

import pytest

from vivavoce.clock import now
from vivavoce.store import agents, calls
from vivavoce.store.calls import Call
from vivavoce.store.database import Database

Play = Callable[[Callable[[Database], object]], None]


def test_an_agent_is_found_as_it_was_stored(play: Play) -> None:
    """The document comes back with unknown fields, and with the two fields that lists need."""

    async def scenario(database: Database) -> None:
        made = await agents.create(database, {"name": "Ada", "odd": {"list": [1, None, "é"]}})

        assert made == await agents.find(database, made.id)
        assert {"workflowType": "single_prompt", "name": "Ada", "odd": {"list": [1, None, "é"]}} == made.document

    play(scenario)


def test_an_agent_without_a_name_is_a_new_agent(play: Play) -> None:
    """Clients may leave the name out."""

    async def scenario(database: Database) -> None:
        assert "New agent" == (await agents.create(database, {})).name

    play(scenario)


def test_an_unknown_agent_is_not_found(play: Play) -> None:
    """Looking for what is not there is no error."""

    async def scenario(database: Database) -> None:
        assert None is await agents.find(database, "0" * 24)
        assert None is await agents.change(database, "0" * 24, lambda document: document)

    play(scenario)


def test_changes_at_the_same_time_are_all_kept(play: Play) -> None:
    """Each change starts from the document that the one before has left."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {})
        await asyncio.gather(
            *(
                agents.change(database, agent.id, lambda document, n=n: {**document, f"field{n}": n})  # type: ignore[misc]
                for n in range(8)
            )
        )
        changed = await agents.find(database, agent.id)

        assert changed is not None
        assert set(range(8)) == {changed.document[f"field{n}"] for n in range(8)}

    play(scenario)


def test_a_refused_change_changes_nothing(play: Play) -> None:
    """What the edit raises reaches the caller, and the document stays."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {"name": "Ada"})

        def refuse(_: object) -> dict[str, object]:
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await agents.change(database, agent.id, refuse)

        assert agent == await agents.find(database, agent.id)

    play(scenario)


def test_archiving_happens_once(play: Play) -> None:
    """Whoever archives what is archived is told so, and an archived agent can come back."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {})

        assert await agents.archive(database, agent.id)
        assert not await agents.archive(database, agent.id)
        assert 0 == (await agents.list_page(database)).total
        assert 1 == (await agents.list_page(database, archived=True)).total
        assert await agents.archive(database, agent.id, archived=False)
        assert 1 == (await agents.list_page(database)).total

    play(scenario)


def test_a_list_is_searched_sorted_and_cut_into_pages(play: Play) -> None:
    """Search ignores case and knows no wildcards; pages count from 1; the total counts all that match."""

    async def scenario(database: Database) -> None:
        for name in ("beta 100%", "Alpha", "gamma alpha", "delta_"):
            await agents.create(database, {"name": name})
        await agents.create(database, {"name": "graph", "workflowType": "workflow_graph"})

        async def names(**wanted: object) -> list[str]:
            page = await agents.list_page(database, sort="name", descending=False, **wanted)  # type: ignore[arg-type]
            return [agent.name for agent in page.agents]

        assert ["Alpha", "gamma alpha"] == await names(search="ALPHA")
        assert ["beta 100%"] == await names(search="100%")
        assert ["delta_"] == await names(search="_")
        assert ["graph"] == await names(workflow_type="workflow_graph")
        assert ["Alpha", "beta 100%"] == await names(page=1, size=2)
        assert ["graph"] == await names(page=3, size=2)
        assert 5 == (await agents.list_page(database, size=2)).total
        assert "graph" == (await agents.list_page(database)).agents[0].name

    play(scenario)


def test_agents_are_sorted_by_their_calls(play: Play) -> None:
    """A list knows how many calls each agent has had."""

    async def scenario(database: Database) -> None:
        quiet = await agents.create(database, {"name": "quiet"})
        busy = await agents.create(database, {"name": "busy"})
        for number in range(2):
            await calls.start(database, Call(f"CALL-{number}", "s", busy.id, "webcall", now()))
        page = await agents.list_page(database, sort="totalCalls")

        assert ["busy", "quiet"] == [agent.name for agent in page.agents]
        assert {busy.id: 2, quiet.id: 0} == page.total_calls
        assert 2 == await agents.total_calls(database, busy.id)

    play(scenario)
