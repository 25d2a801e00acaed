"""A session opens what the pages of the console read from the API: events and recordings, and only there."""

from pathlib import Path

import pytest

from tests.server.console.console_scene import Visitor, browser, play_console, visitor
from tests.server.rest_scene import CALL_ID, Scene

EVENTS = f"/atoms/v1/events?callId={CALL_ID}"
RECORDING = f"/atoms/v1/conversation/{CALL_ID}/recording"


@pytest.mark.parametrize("path", [EVENTS, RECORDING])
def test_whoever_is_signed_in_may_read(path: str, tmp_path: Path) -> None:
    """A viewer as well; there is no such call, which a stranger is not told."""

    async def scenario(scene: Scene, _: Visitor) -> None:
        viewer = await visitor(scene, "viewer")

        assert [404, 401] == [(await who.get(path)).status_code for who in (viewer, browser(scene))]

    play_console(tmp_path, scenario)


@pytest.mark.parametrize("path", [EVENTS, RECORDING])
def test_the_page_of_another_origin_may_not(path: str, tmp_path: Path) -> None:
    """Browsers would not send the cookie; those that do are told no."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answers = [
            await admin.get(path, origin="https://evil.example"),
            await admin.get(path, sec_fetch_site="cross-site"),
        ]

        assert [401, 401] == [answer.status_code for answer in answers]

    play_console(tmp_path, scenario)


@pytest.mark.parametrize("path", [EVENTS, RECORDING])
def test_a_wrong_key_is_wrong_with_a_session_too(path: str, tmp_path: Path) -> None:
    """Whoever shows a key means it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        assert 401 == (await admin.get(path, authorization="Bearer sk_wrong")).status_code

    play_console(tmp_path, scenario)


def test_nothing_else_of_the_api_takes_a_session(tmp_path: Path) -> None:
    """Lists of agents and calls are for keys; the pages have their own."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        paths = ("/atoms/v1/agent", "/atoms/v1/conversation", "/atoms/v1/user")

        assert [401, 401, 401] == [(await admin.get(path)).status_code for path in paths]

    play_console(tmp_path, scenario)
