"""``docs/events.md`` tells of every event and every limit of the stream, as the code has them."""

import ast
import json
from pathlib import Path

from tests.doc_names import SOURCE, first_names, texts_in
from tests.doc_pages import rows, section
from vivavoce.server.event_stream import Limits
from vivavoce.server.rest.events import _TAKEN_WITHIN_S

# The contract, beside the project where it is developed.
EXAMPLES = Path(__file__).parents[2] / "shared" / "wire-examples.json"


def event_types() -> set[str]:
    """What stands in the sources as the ``event_type`` of an event."""
    found = set[str]()
    for file in ("views/events.py", "server/event_streams.py"):
        for node in ast.walk(ast.parse((SOURCE / file).read_text("utf-8"))):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "event_type":
                        found |= {text for text in texts_in(value) if text != "event_type"}
    return found


def test_every_event_is_told() -> None:
    """Each has a row, and nothing else has one."""
    assert event_types() == first_names(section("events.md", "The events"))


def test_every_event_is_one_of_the_contract() -> None:
    """A client of the original knows each of them."""
    if EXAMPLES.exists():
        known = {entry["event_type"] for entry in json.loads(EXAMPLES.read_text("utf-8"))["sse_events"]}

        assert event_types() <= known


def test_every_limit_is_told() -> None:
    """An operator finds the numbers that the code has."""
    told = {row[0]: row[1] for row in rows(section("events.md", "Limits of a stream"))}
    limits = Limits()

    assert {
        "readers of a call": f"{limits.readers_of_a_call}",
        "readers of all calls": f"{limits.readers:,}",
        "a reader who takes nothing": f"{_TAKEN_WITHIN_S:.0f} seconds",
        "silence": f"{limits.ping_s:.0f} seconds",
        "a recording that is not ready": f"{limits.recording_s:.0f} seconds after the end of the call",
    } == told
