"""Pages come whole or in parts, escaped, and under a strict policy."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from tests.server.console.console_scene import Visitor, play_console
from tests.server.rest_scene import Scene
from vivavoce.server.console.rendering import _ENVIRONMENT
from vivavoce.store import keys

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; "
    "img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self'; frame-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def shown(template: str, **values: object) -> str:
    """A piece of a template."""
    return _ENVIRONMENT.from_string(template).render(values)


def test_every_page_runs_under_a_strict_policy(tmp_path: Path) -> None:
    """Nothing from elsewhere, nothing inline, in no frame, and kept by nobody."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        for path in ("/console", "/console/keys", "/console/no-such-page", "/console/keys/a/b"):
            headers = (await admin.get(path)).headers

            assert (POLICY, "nosniff", "same-origin", "no-store") == tuple(
                headers[name]
                for name in ("content-security-policy", "x-content-type-options", "referrer-policy", "cache-control")
            )

    play_console(tmp_path, scenario)


def test_no_template_has_anything_inline() -> None:
    """The policy would stop it in the browser, where nobody looks."""
    folder = Path(str(_ENVIRONMENT.loader.searchpath[0]))  # type: ignore[union-attr]
    for file in folder.glob("*.html"):
        text = file.read_text("utf-8")

        assert " style=" not in text, file.name
        assert "<style" not in text, file.name
        assert " onclick=" not in text, file.name
        assert "hx-on" not in text, file.name
        assert text.count("<script") == text.count("<script src=") + text.count('<script type="module" src='), file.name


def test_htmx_gets_the_part_that_it_asks_for(tmp_path: Path) -> None:
    """And a whole page when somebody goes back to it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        (key,) = await keys.list_all(scene.database)
        path = f"/console/keys/{key.id}/revoke"
        part = (await admin.part(path)).text
        whole = (await admin.get(path)).text
        restored = (await admin.get(path, hx_request="true", hx_history_restore_request="true")).text

        assert ["<html" in text for text in (part, whole, restored)] == [False, True, True]
        assert all("Revoke the key" in text for text in (part, whole, restored))

    play_console(tmp_path, scenario)


def test_what_people_write_is_text(tmp_path: Path) -> None:
    """A name is no markup, not even in the sentence that is shown once."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        name = "<script>alert(1)</script>"
        made = await admin.post("/console/keys", {"name": name})
        key = next(key for key in await keys.list_all(scene.database) if key.name == name)
        await admin.post(f"/console/keys/{key.id}/revoke")
        listed = await admin.get("/console/keys")

        assert name not in made.text + listed.text
        assert listed.text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2

    play_console(tmp_path, scenario)


def test_a_name_that_a_template_is_not_given_is_an_error() -> None:
    """A slip of the pen shows at once, not as an empty place."""
    with pytest.raises(UndefinedError):
        shown("{{ forgotten }}")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ 245|duration }}", "4:05"),
        ("{{ 3723.4|duration }}", "1:02:03"),
        ("{{ none|duration }}", "–"),
        ('{{ 1|count("call") }}', "1 call"),
        ('{{ 1234|count("call") }}', "1,234 calls"),
        ('{{ 2|count("box", "boxes") }}', "2 boxes"),
        ("{{ none|when }}", "never"),
        ('{{ {"required": true, "autofocus": false, "title": "a\\"b"}|attributes }}', ' required title="a&#34;b"'),
    ],
)
def test_figures_are_written_for_people(template: str, text: str) -> None:
    """By the filters that all pages share."""
    assert text == shown(template)


def test_a_moment_is_for_people_and_for_scripts() -> None:
    """UTC where no script writes it in the reader's zone."""
    moment = datetime(2026, 7, 2, 10, 30, 45, tzinfo=UTC)

    assert '<time datetime="2026-07-02T10:30:45.000Z" data-time>2026-07-02 10:30 UTC</time>' == shown(
        "{{ moment|when }}", moment=moment
    )


def test_a_field_is_tied_to_its_help_and_its_complaint() -> None:
    """Screen readers read both with the field."""
    field = shown('{{ ui.input("name", "Name", help="Yours", error="Too short") }}')

    assert 'aria-describedby="name-error name-help" aria-invalid="true"' in field
    assert '<label for="name">Name</label>' in field
    assert 'id="name-error">Too short' in field
    assert 'id="name-help">Yours' in field
