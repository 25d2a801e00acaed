"""Scripts and styles of the console are served as they were built, to everybody."""

from pathlib import Path

from tests.server.console.console_scene import Visitor, browser, play_console
from tests.server.rest_scene import Scene


def test_what_pages_load_needs_no_session(tmp_path: Path) -> None:
    """The sign-in page loads it, too; nothing outside its folder is there."""
    (tmp_path / "static" / "console").mkdir(parents=True)
    (tmp_path / "static" / "console" / "console.css").write_text("body {}")
    (tmp_path / "static" / "index.html").write_text("start")

    async def scenario(scene: Scene, _: Visitor) -> None:
        stranger = browser(scene)
        styles = await stranger.get("/console/assets/console.css")
        gone = [
            await stranger.get(f"/console/assets/{path}") for path in ("none.js", "..%2findex.html", "../index.html")
        ]

        assert (200, "body {}", "text/css; charset=utf-8") == (
            styles.status_code,
            styles.text,
            styles.headers["content-type"],
        )
        assert all("start" != answer.text for answer in gone)
        assert [404, 404] == [answer.status_code for answer in gone[:2]]

    play_console(tmp_path, scenario, static=tmp_path / "static")
