"""
The pages themselves: links, sentences, code, and no promise of what is not there.

What they tell is compared with the code in ``test_docs_settings.py``, ``test_docs_protocol.py`` and
``test_docs_agents.py``; what they show for running is run in ``test_docs_run.py``.
"""

import json
import re
from pathlib import Path

import pytest

from tests.doc_pages import PAGES, ROOT, Code, codes, page, prose, sections, slugs


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Files exist, and so do the headings that are linked to."""
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name) if name else path

        assert linked.exists(), target
        assert not anchor or anchor in slugs(linked.read_text("utf-8")), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_nothing_is_promised_that_is_not_there(path: Path) -> None:
    """Whatever is planned is called planned, or not there yet."""
    absent = re.compile(r"\bdashboard\b", re.IGNORECASE)
    honest = re.compile(r"\bplanned\b|\bnot (?:there )?yet\b", re.IGNORECASE)
    promises = [line for line in prose(path.read_text("utf-8")) if absent.search(line) and not honest.search(line)]

    assert [] == promises


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_sentence_has_a_line(path: Path) -> None:
    """A change of one sentence is a change of one line."""
    crowded = [
        line
        for line in prose(path.read_text("utf-8"))
        if not line.startswith("|") and re.search(r"[a-z0-9)*][.!?] [A-Z]", re.sub(r"\"[^\"]*\"|\([^)]*\)", "", line))
    ]

    assert [] == crowded


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_piece_of_json_is_json(path: Path) -> None:
    """What is shown can be copied."""
    for code in codes(path, kind="json"):
        assert json.loads(code.text), code.place


def sdk_names() -> tuple[set[str], set[str], set[str]]:
    """The members of the SDK's agent, its events and its options, as its sources have them."""
    agent = (ROOT / "sdk" / "src" / "agent.ts").read_text("utf-8")
    events = (ROOT / "sdk" / "src" / "events.ts").read_text("utf-8")
    config = (ROOT / "sdk" / "src" / "config.ts").read_text("utf-8")
    body = agent.partition("export class AtomsAgent {")[2]
    members = set(re.findall(r"^  (?:get |async )?(\w+)(?:<.*?>)?\(", body, re.MULTILINE)) - {"constructor"}
    options = set(
        re.findall(r"^  (\w+)\??:", config.partition("interface AtomsAgentConfig")[2].partition("\n}")[0], re.MULTILINE)
    )
    names = set(re.findall(r"^  (\w+): \[", events, re.MULTILINE))
    return members, names, options


@pytest.mark.parametrize(
    "code",
    [code for path in PAGES for kind in ("js", "html") for code in codes(path, kind=kind)],
    ids=lambda c: c.place,
)
def test_pages_use_what_the_sdk_has(code: Code) -> None:
    """No snippet calls a method, names an event or gives an option that does not exist."""
    members, events, options = sdk_names()
    given = [
        name for found in re.findall(r"AtomsAgent\(\{(.*?)\}\)", code.text) for name in re.findall(r"(\w+):", found)
    ]

    assert {"connect", "on", "isConnected"} <= members
    assert {"apiKey", "extension"} <= options
    assert set(re.findall(r"\bagent\.(\w+)", code.text)) <= members
    assert set(re.findall(r"\bagent\.on\(\"(\w+)\"", code.text)) <= events
    assert set(given) <= options


def test_the_reader_reads() -> None:
    """The checks above would pass on pages that they cannot read."""
    assert len(sections(page("protocol.md"))) > 30
    assert len(PAGES) >= 9
