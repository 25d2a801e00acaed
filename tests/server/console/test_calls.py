"""The list of calls."""

from pathlib import Path

import pytest

from tests.server.console.console_scene import Visitor, play_console, visitor
from tests.server.console.told_call import FACTS, store_call
from tests.server.rest_scene import Scene
from tests.store.made_calls import call_id, make_agent, make_call
from vivavoce.store import calls

CALLS = "/console/calls"


def test_a_list_tells_of_each_call_in_plain_words(tmp_path: Path) -> None:
    """Whom it was with, how long, how fast, how it ended, and what came of it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        page = (await admin.get(CALLS)).text

        assert f'href="/console/calls/{stored}"' in page
        for text in (">Ada<", ">0:09<", ">700 ms<", "The visitor got a table by the window.", "table booked:"):
            assert text in page
        assert "client_requested" not in page.partition('id="found"')[2]

    play_console(tmp_path, scenario)


def test_an_empty_store_says_what_to_do_next(tmp_path: Path) -> None:
    """And where."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        page = (await admin.get(CALLS)).text

        assert "No calls yet" in page
        assert 'href="/console/agents"' in page

    play_console(tmp_path, scenario)


def test_filters_that_fit_no_call_say_so(tmp_path: Path) -> None:
    """That is another thing than an empty store."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        await store_call(scene.database)
        page = (await admin.get(f"{CALLS}?state=failed")).text

        assert "No such call" in page
        assert "No calls yet" not in page

    play_console(tmp_path, scenario)


def test_more_calls_than_a_page_has_come_on_further_pages(tmp_path: Path) -> None:
    """The newest first; the filters stay."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent = await make_agent(scene.database)
        for number in range(27):
            await make_call(scene.database, number, agent)
        first = (await admin.get(f"{CALLS}?kind=webcall")).text
        second = (await admin.get(f"{CALLS}?kind=webcall&page=2")).text

        assert "1 to 25 of 27" in first
        assert f"{CALLS}?kind=webcall&amp;page=2" in first
        assert call_id(26) in first
        assert call_id(1) not in first
        assert "26 to 27 of 27" in second
        assert f'href="{CALLS}?kind=webcall"' in second
        assert call_id(0) in second

    play_console(tmp_path, scenario)


def test_live_calls_stand_above_and_not_among_the_others(tmp_path: Path) -> None:
    """Each once."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        ended = await store_call(scene.database, 0)
        live = await store_call(scene.database, 1, told=FACTS[:5], analysed=False)
        above, _, below = (await admin.get(CALLS)).text.partition('id="ended"')

        assert f'id="live-{live}"' in above
        assert live not in below
        assert f'id="call-{ended}"' in below

    play_console(tmp_path, scenario)


def test_a_page_that_knows_the_live_calls_is_told_nothing_until_they_change(tmp_path: Path) -> None:
    """Then it gets them anew, and word for the list below."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        live = await store_call(scene.database, told=FACTS[:5], analysed=False)
        page = (await admin.get(CALLS)).text
        address = page.partition('hx-get="/console/calls/live')[2].partition('"')[0]

        assert 204 == (await admin.part(f"{CALLS}/live{address}")).status_code
        await calls.finish(scene.database, live, reason="ended")
        changed = await admin.part(f"{CALLS}/live{address}")
        assert 200 == changed.status_code
        assert "calls-changed" == changed.headers["hx-trigger"]
        assert live not in changed.text

    play_console(tmp_path, scenario)


def test_words_that_were_said_are_found_and_marked(tmp_path: Path) -> None:
    """As text: what a visitor says is never markup."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        found = (await admin.get(f"{CALLS}?q=%3Cb%3EThanks")).text
        missed = (await admin.get(f"{CALLS}?q=thanks+wonderful")).text

        assert stored in found
        assert "Wonderful <mark>&lt;b&gt;thanks</mark>&lt;/b&gt;" in found
        assert stored not in missed

    play_console(tmp_path, scenario)


def test_a_search_that_ran_out_of_time_says_how_far_it_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And goes on there."""
    monkeypatch.setattr("vivavoce.server.console.pages.calls._SEARCH_S", 0.0)
    monkeypatch.setattr("vivavoce.store.said_search._FIRST", 1)

    async def scenario(scene: Scene, admin: Visitor) -> None:
        older = await store_call(scene.database, 0)
        await store_call(scene.database, 1, told=(FACTS[0], FACTS[-1]))
        page = (await admin.get(f"{CALLS}?q=wonderful")).text
        further = page.partition('<a href="/console/calls?q=wonderful')[2].partition('"')[0].replace("&amp;", "&")

        assert "Looked through the calls back to" in page
        assert older not in page
        assert older in (await admin.get(f"{CALLS}?q=wonderful{further}")).text

    play_console(tmp_path, scenario)


def test_a_call_is_found_by_a_part_of_its_id(tmp_path: Path) -> None:
    """In any letters."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        one, other = await store_call(scene.database, 0), await store_call(scene.database, 1)
        page = (await admin.get(f"{CALLS}?q={one.lower()}")).text

        assert f'id="call-{one}"' in page
        assert f'id="call-{other}"' not in page

    play_console(tmp_path, scenario)


def test_htmx_is_given_the_list_alone(tmp_path: Path) -> None:
    """Without the page around it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        await store_call(scene.database)
        part = (await admin.part(f"{CALLS}?state=ended")).text

        assert 'id="ended"' in part
        assert "<html" not in part

    play_console(tmp_path, scenario)


def test_a_viewer_may_read_the_list(tmp_path: Path) -> None:
    """He changes nothing by it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)

        assert stored in (await (await visitor(scene, "viewer")).get(CALLS)).text

    play_console(tmp_path, scenario)


def test_the_filter_knows_agents_that_are_archived(tmp_path: Path) -> None:
    """Their calls are still there to be read."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        page = (await admin.get(f"{CALLS}?agent={'0' * 24}")).text

        assert f'<option value="{"0" * 24}" selected>' in page

    play_console(tmp_path, scenario)


def test_a_day_that_is_none_is_a_page_that_says_so(tmp_path: Path) -> None:
    """Addresses are typed and mistyped."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.get(f"{CALLS}?since=tomorrow")

        assert 400 == answer.status_code
        assert "A day is written as 2026-07-31" in answer.text

    play_console(tmp_path, scenario)
