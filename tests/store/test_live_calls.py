"""The calls that are going on are found at once, however many are over."""

from collections.abc import Callable

from tests.store.made_calls import call_id, make_agent, make_call
from vivavoce.store.call_lists import CallFilter
from vivavoce.store.database import Database
from vivavoce.store.live_calls import list_live

Play = Callable[[Callable[[Database], object]], None]


def test_live_calls_come_newest_first_and_ended_ones_do_not(play: Play) -> None:
    """With their agents' names; at most as many as are asked for."""

    async def scenario(database: Database) -> None:
        agent = await make_agent(database, "Ada")
        await make_call(database, 0, agent)
        for number in (1, 2, 3):
            await make_call(database, number, agent, duration_ms=None, mode="chat" if number == 3 else "webcall")

        async def live(wanted: CallFilter, most: int = 10) -> list[str]:
            page = await list_live(database, wanted, most=most)

            assert {"Ada"} == {page.agents[call.agent_id].name for call in page.calls}
            return [call.id for call in page.calls]

        assert [call_id(3), call_id(2), call_id(1)] == await live(CallFilter())
        assert [call_id(3)] == await live(CallFilter(), 1)
        assert [call_id(2), call_id(1)] == await live(CallFilter(modes=["webcall"]))

    play(scenario)


def test_without_live_calls_there_is_nothing(play: Play) -> None:
    """That is so most of the time."""

    async def scenario(database: Database) -> None:
        assert () == (await list_live(database, CallFilter(), most=5)).calls

    play(scenario)
