"""The console's page of what public pages were refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from tests.server.console.console_scene import Visitor, play_console
from tests.server.rest_scene import Scene
from vivavoce.clock import now
from vivavoce.server.console.refusal_words import REASONS
from vivavoce.store import agents, refusals
from vivavoce.store.refusals import Refusal, RefusalRow

AT = datetime(2026, 7, 2, 10, tzinfo=UTC)


def given(agent_id: str, reason: str = "host_not_allowed", *, at: datetime, host: str = "copy.example") -> RefusalRow:
    return RefusalRow(Refusal(agent_id, reason, f"https://{host}", "5" * 32), refusals.day_of(at), 1, at)


async def hosts(visitor: Visitor, **asked: str) -> list[str]:
    """The hosts of the pages in the rows that are shown."""
    page = (await visitor.part(f"/console/refusals?{urlencode(asked)}")).text
    return [part.partition("<")[0] for part in page.split("<code>https://")[1:]]


def test_every_reason_that_a_public_page_can_get_has_words() -> None:
    """As docs/embedding.md lists them."""
    docs = Path(__file__, "../../../../../docs/embedding.md").resolve().read_text("utf-8")

    assert [] == [code for code in REASONS if f"`{code}`" not in docs]


def test_nothing_refused_says_what_this_page_is_for(tmp_path: Path) -> None:
    """Before the first refusal."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        assert "Nothing was refused" in (await admin.get("/console/refusals")).text

    play_console(tmp_path, scenario)


def test_refusals_are_shown_by_agent_reason_and_day(tmp_path: Path) -> None:
    """The latest first."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada, bo = [(await agents.create(scene.database, {"name": name})).id for name in ("Ada", "Bo")]
        await refusals.count(
            scene.database,
            [
                given(ada, at=AT, host="one.example"),
                given(ada, "agent_busy", at=AT + timedelta(hours=1), host="two.example"),
                given(bo, at=AT + timedelta(days=1), host="three.example"),
            ],
        )

        assert ["three.example", "two.example", "one.example"] == await hosts(admin)
        assert ["two.example", "one.example"] == await hosts(admin, agent=ada)
        assert ["three.example", "one.example"] == await hosts(admin, reason="host_not_allowed")
        assert ["two.example", "one.example"] == await hosts(admin, day="2026-07-02")
        assert [] == await hosts(admin, day="2026-07-03", agent=ada)

    play_console(tmp_path, scenario)


def test_each_reason_says_what_to_do_and_where(tmp_path: Path) -> None:
    """The widget page of the agent, once for each agent."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada = (await agents.create(scene.database, {"name": "Ada"})).id
        await refusals.count(scene.database, [given(ada, at=AT, host=f"{name}.example") for name in ("one", "two")])
        page = (await admin.get("/console/refusals")).text

        assert 1 == page.count(f'<a href="/console/agents/{ada}/widget">Widget of Ada</a>')
        assert REASONS["host_not_allowed"].name in page

    play_console(tmp_path, scenario)


def test_today_is_summed_up(tmp_path: Path) -> None:
    """By reason."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada = (await agents.create(scene.database, {"name": "Ada"})).id
        moment = now()
        before = (await admin.get("/console/refusals")).text
        await refusals.count(scene.database, [given(ada, at=moment), given(ada, at=moment, host="two.example")])
        page = (await admin.get("/console/refusals")).text

        assert (False, True) == ('id="today"' in before, "2 ×" in page)

    play_console(tmp_path, scenario)


def test_the_log_is_paged_and_keeps_what_was_chosen(tmp_path: Path) -> None:
    """50 rows on a page."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada = (await agents.create(scene.database, {"name": "Ada"})).id
        rows = [given(ada, at=AT + timedelta(minutes=number), host=f"h{number}.example") for number in range(51)]
        await refusals.count(scene.database, rows)

        assert (50, ["h0.example"]) == (len(await hosts(admin)), await hosts(admin, page="2"))
        assert f"agent={ada}&amp;page=2" in (await admin.get(f"/console/refusals?agent={ada}")).text

    play_console(tmp_path, scenario)


def test_a_host_that_is_no_host_is_shown_as_text(tmp_path: Path) -> None:
    """Whatever a request named as its origin."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ada = (await agents.create(scene.database, {"name": "Ada"})).id
        await refusals.count(scene.database, [given(ada, at=AT, host="<script>alert(1)</script>")])

        assert "<script>alert" not in (await admin.get("/console/refusals")).text

    play_console(tmp_path, scenario)
