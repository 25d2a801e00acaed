"""The first page of the console."""

from datetime import timedelta
from pathlib import Path

from tests.server.console.console_scene import Visitor, play_console
from tests.server.rest_scene import Scene, start_call
from vivavoce.clock import now
from vivavoce.store import agents, calls
from vivavoce.store.calls import Call


async def make_call(scene: Scene, agent_id: str, number: int, *, ended: bool = True) -> None:
    """A call that began so many minutes ago and lasted one."""
    began = now() - timedelta(minutes=number)
    call = Call(f"CALL-{1776756378000 + number}-00000a", "session", agent_id, "webcall", began)
    await calls.start(scene.database, call)
    if ended:
        await calls.finish(scene.database, call.id, reason="ended", ended_at=began + timedelta(minutes=1))


def test_before_the_first_call_the_page_leads_to_one(tmp_path: Path) -> None:
    """Talk to the agent that is there, make one, put it on a page."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada = (await agents.create(scene.database, {"name": "Ada"})).id
        page = (await admin.get("/console")).text

        assert [True] * 3 == [
            f'href="/console/agents/{path}"' in page for path in (f"{ada}/try", "new", f"{ada}/widget")
        ]
        assert 'id="charts"' not in page

    play_console(tmp_path, scenario)


def test_without_an_agent_the_page_leads_to_one(tmp_path: Path) -> None:
    """There is nobody to talk to yet."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        page = await admin.get("/console")

        assert (200, True) == (page.status_code, "Make an agent first" in page.text)

    play_console(tmp_path, scenario)


def test_after_the_first_call_there_are_charts_and_what_is_live(tmp_path: Path) -> None:
    """With a link to each call that goes on."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada = await start_call(scene)
        await make_call(scene, ada, 5)
        page = (await admin.get("/console?period=30d")).text
        live = (await admin.part("/console/overview/live")).text

        assert 'id="charts"' in page
        assert '<option value="30d" selected>' in page
        assert (1, True, False) == (live.count('href="/console/calls/CALL-'), "Ada" in live, "<html" in live)

    play_console(tmp_path, scenario)


def test_the_figures_are_json_of_the_period_and_the_agent(tmp_path: Path) -> None:
    """For nobody's cache."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada, bo = [(await agents.create(scene.database, {"name": name})).id for name in ("Ada", "Bo")]
        for number, agent_id in enumerate((ada, ada, bo), 2):
            await make_call(scene, agent_id, 3 * number)
        await make_call(scene, bo, 60 * 24 * 3)
        answers = [
            await admin.get(f"/console/overview/data?{query}")
            for query in ("period=24h", f"period=24h&agent={ada}", "period=7d&zone=Asia/Kolkata", "zone=No/Where")
        ]

        assert [3, 2, 4, 4] == [answer.json()["totals"]["calls"] for answer in answers]
        assert [24, 24, 7, 7] == [len(answer.json()["calls"]) for answer in answers]
        assert [{"reason": "ended", "text": "The agent said goodbye", "calls": 2}] == answers[1].json()["ends"]
        assert "no-store" == answers[0].headers["cache-control"]

    play_console(tmp_path, scenario)


def test_a_period_that_there_is_not_is_refused(tmp_path: Path) -> None:
    """Nobody counts the calls of ten years by a slip of the pen."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        assert 400 == (await admin.get("/console/overview/data?period=10y")).status_code
        assert 200 == (await admin.get("/console?period=10y")).status_code

    play_console(tmp_path, scenario)


def test_figures_are_for_who_is_signed_in(tmp_path: Path) -> None:
    """As all of the console."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        admin.client.cookies.clear()

        assert 303 == (await admin.get("/console/overview/data")).status_code

    play_console(tmp_path, scenario)
