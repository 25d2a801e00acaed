"""Agents are stored, found, changed, archived and listed."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import delete

from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.store import agents, calls, tables
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
        # They are counted when they begin: nothing is counted for a list, and what is deleted has been.
        async with database.write() as connection:
            await connection.execute(delete(tables.calls))
        assert {busy.id: 2, quiet.id: 0} == (await agents.list_page(database)).total_calls
        assert 0 == await agents.total_calls(database, "0" * 24)

    play(scenario)


def test_an_agent_is_found_by_its_alias(play: Play) -> None:
    """As long as it has it; an empty alias is none, so any number of agents may have none."""

    async def scenario(database: Database) -> None:
        agent = await agents.create(database, {"assistantAlias": "desk"})
        await agents.create(database, {"assistantAlias": ""})
        await agents.create(database, {"assistantAlias": ""})

        assert agent == await agents.find_by_alias(database, "desk")
        assert None is await agents.find_by_alias(database, "")
        await agents.change(database, agent.id, lambda document: {**document, "assistantAlias": "door"})
        assert None is await agents.find_by_alias(database, "desk")
        found = await agents.find_by_alias(database, "door")
        assert found is not None
        assert agent.id == found.id

    play(scenario)


def test_an_alias_that_is_taken_is_refused(play: Play) -> None:
    """By whichever way it is asked for, and nothing else of the change is kept."""

    async def scenario(database: Database) -> None:
        await agents.create(database, {"assistantAlias": "desk"})
        other = await agents.create(database, {"name": "Ada"})

        with pytest.raises(Refused, match="409: assistantAlias: desk belongs to another agent"):
            await agents.create(database, {"assistantAlias": "desk"})
        with pytest.raises(Refused, match="409: assistantAlias: desk belongs to another agent"):
            await agents.change(database, other.id, lambda _: {"name": "Bob", "assistantAlias": "desk"})
        assert other == await agents.find(database, other.id)

    play(scenario)


def test_names_are_listed_without_the_archived(play: Play) -> None:
    """The oldest first, and not more than are wanted."""

    async def scenario(database: Database) -> None:
        made = [await agents.create(database, {"name": name}) for name in ("a", "b", "c")]
        await agents.archive(database, made[1].id)

        assert ((made[0].id, "a"), (made[2].id, "c")) == await agents.list_names(database, most=10)
        assert ((made[0].id, "a"),) == await agents.list_names(database, most=1)

    play(scenario)


def test_names_are_found_by_a_part_and_by_ids(play: Play) -> None:
    """A search leaves the archived out, in the order of the names; of ids they are known."""

    async def scenario(database: Database) -> None:
        ids = {name: (await agents.create(database, {"name": name})).id for name in ("porter", "Night porter", "Ada")}
        gone = (await agents.create(database, {"name": "Old porter"})).id
        await agents.archive(database, gone)

        assert ["Night porter", "porter"] == [name for _, name in await agents.search_names(database, "PORT", most=9)]
        assert 1 == len(await agents.search_names(database, "", most=1))
        assert {gone: "Old porter", ids["Ada"]: "Ada"} == await agents.names_of(database, [gone, ids["Ada"], "x"])
        assert {} == await agents.names_of(database, [])

    play(scenario)
