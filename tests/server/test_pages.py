"""Pages and the SDK are served as they were built."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play

POLICY = (
    "default-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self' ws: wss:; "
    "img-src 'self' data:; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "sdk" / "worklets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>é</title>")
    (folder / "talk.js").write_text("1")
    (folder / ".hidden").write_text("hidden")
    (folder / "sdk" / "agent-sdk.browser.js").write_text("var AtomsSdk")
    (folder / "sdk" / "widget.js").write_text("widget")
    (folder / "sdk" / "worklets" / "capture.js").write_text("worklet")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


def test_a_page_runs_under_a_strict_policy(tmp_path: Path, static: Path) -> None:
    """Nothing from elsewhere, no frame, no guessing of types."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.client.get("/")

        assert (200, "<!doctype html><title>é</title>") == (answer.status_code, answer.text)
        assert ("text/html; charset=utf-8", POLICY, "nosniff", "no-cache") == tuple(
            answer.headers[name]
            for name in ("content-type", "content-security-policy", "x-content-type-options", "cache-control")
        )
        assert "access-control-allow-origin" not in answer.headers

    play(tmp_path, scenario, static=static)


@pytest.mark.parametrize(
    "path",
    [
        "/sdk/agent-sdk.browser.js",
        "/npm/@vivavoce/agent-sdk/dist/agent-sdk.browser.js",
        "/npm/@smallest-ai/agent-sdk/dist/agent-sdk.browser.js",
        "/npm/@smallest-ai/agent-sdk@1.2.3/dist/agent-sdk.browser.js",
        "/npm/@smallest-ai/agent-sdk",
    ],
)
def test_the_sdk_may_be_loaded_by_every_page(path: str, tmp_path: Path, static: Path) -> None:
    """Also under the paths at which delivery networks offer the package: only the host changes."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.client.get(path)

        assert (200, "var AtomsSdk") == (answer.status_code, answer.text)
        assert ("text/javascript; charset=utf-8", "*", "cross-origin") == tuple(
            answer.headers[name]
            for name in ("content-type", "access-control-allow-origin", "cross-origin-resource-policy")
        )

    play(tmp_path, scenario, static=static)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/sdk/widget.js", "widget"),
        ("/npm/atoms-widget-core/dist/embed/widget.umd.js", "widget"),
        ("/npm/atoms-widget-core@1.0.4/dist/embed/widget.umd.js", "widget"),
        ("/npm/atoms-widget-core@latest/dist/embed/worklets/capture.js", "worklet"),
        ("/npm/atoms-widget-core", "widget"),
        ("/npm/@vivavoce/widget", "widget"),
        ("/npm/@vivavoce/widget@0.1.0/widget.js", "widget"),
        ("/npm/@vivavoce/widget/worklets/capture.js", "worklet"),
    ],
)
def test_the_widget_may_be_loaded_by_every_page(path: str, expected: str, tmp_path: Path, static: Path) -> None:
    """A page that was written for the widget of Atoms needs only another host in its script tag."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.client.get(path)

        assert (200, expected, "*") == (
            answer.status_code,
            answer.text,
            answer.headers["access-control-allow-origin"],
        )

    play(tmp_path, scenario, static=static)


def test_worklets_are_found_beside_the_sdk(tmp_path: Path, static: Path) -> None:
    """The SDK loads them by their place relative to itself."""

    async def scenario(scene: Scene) -> None:
        assert "worklet" == (await scene.client.get("/npm/@vivavoce/agent-sdk/dist/worklets/capture.js")).text

    play(tmp_path, scenario, static=static)


def test_what_has_not_changed_is_not_sent_again(tmp_path: Path, static: Path) -> None:
    """A browser asks with the tag that it was given."""

    async def scenario(scene: Scene) -> None:
        etag = (await scene.client.get("/talk.js")).headers["etag"]
        same = await scene.client.get("/talk.js", headers={"if-none-match": etag})
        (static / "talk.js").write_text("2")
        changed = await scene.client.get("/talk.js", headers={"if-none-match": etag})

        assert (304, b"", etag) == (same.status_code, same.content, same.headers["etag"])
        assert (200, "2") == (changed.status_code, changed.text)
        head = await scene.client.head("/talk.js")
        assert (200, b"", "1") == (head.status_code, head.content, head.headers["content-length"])

    play(tmp_path, scenario, static=static)


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/sdk/..%2f..%2fsecret.txt",
        "/.hidden",
        "/link.txt",
        "/sdk",
        "/%00",
        f"/{'a' * 300}",
    ],
)
def test_nothing_else_is_served(path: str, tmp_path: Path, static: Path) -> None:
    """Neither what lies outside the folder, nor what is hidden, nor folders, nor what no file can be called."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.client.get(path)

        assert (404, False) == (answer.status_code, answer.json()["status"])

    play(tmp_path, scenario, static=static)


def test_pages_that_were_not_built_say_how_to_build_them(tmp_path: Path) -> None:
    """A developer who starts from the sources reads one sentence."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.client.get("/")

        assert (503, "text/plain; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
        assert "make run" in answer.text

    play(tmp_path, scenario)
