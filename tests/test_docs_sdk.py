"""The page on the SDK names everything that the SDK has, and nothing else."""

import re
from collections.abc import Iterator

from tests.doc_names import first_names
from tests.doc_pages import ROOT, page, section
from tests.test_docs import sdk_names

SDK = ROOT / "sdk" / "src"
PAGE = "sdk.md"


def called(names: set[str]) -> set[str]:
    """The names without their arguments: ``on`` of ``on(name, handler)``."""
    return {name.partition("(")[0] for name in names}


def body(file: str, interface: str) -> str:
    """What stands in one interface of a source file."""
    return (SDK / file).read_text("utf-8").partition(f"interface {interface} {{")[2].partition("\n}")[0]


def fields(file: str, interface: str) -> set[str]:
    """The fields and methods of an interface."""
    return set(re.findall(r"^  (?:readonly )?(\w+)\??[:(]", body(file, interface), re.MULTILINE))


def sources() -> Iterator[str]:
    """Everything that runs in a page: neither the widget nor what is for programs."""
    for path in SDK.glob("*.ts"):
        if not path.name.startswith("headless"):
            yield path.read_text("utf-8")


def test_every_option_has_a_row() -> None:
    """A new option without documentation fails here."""
    _, _, options = sdk_names()

    assert options == first_names(section(PAGE, "Options"))


def test_every_event_has_a_row() -> None:
    """So does a new event."""
    _, events, _ = sdk_names()

    assert len(events) >= 20
    assert events == first_names(section(PAGE, "Events"))


def test_every_event_tells_its_fields() -> None:
    """The middle column has each field of what the handler gets."""
    text = (SDK / "events.ts").read_text("utf-8")
    known = dict(re.findall(r"^  (\w+): \[event: (\w+)\]", text, re.MULTILINE))
    elsewhere = {"Caption": "captions.ts", "TurnMetrics": "protocol.ts"}
    rows = re.findall(r"^\| (.*?) \| `\{ (.*?) \}` \|", section(PAGE, "Events"), re.MULTILINE)
    told = {name: set(given.split(", ")) for cell, given in rows for name in re.findall(r"`(\w+)`", cell)}

    for event, interface in known.items():
        extended = re.search(rf"interface {interface} extends (\w+)", text)
        if extended:
            own = text.partition(f"interface {interface} extends {extended[1]} {{")[2].partition("\n}")[0]
            wanted = set(re.findall(r"^  (\w+):", own, re.MULTILINE)) | fields("events.ts", extended[1])
        else:
            wanted = fields(elsewhere.get(interface, "events.ts"), interface)

        assert wanted, interface
        assert wanted == told[event], event


def test_every_method_has_a_row() -> None:
    """And a new method or getter."""
    members, _, _ = sdk_names()

    assert members == called(first_names(section(PAGE, "Methods and state")))


def test_every_error_has_a_row() -> None:
    """The codes of the event, and the names of what ``connect()`` rejects with."""
    code = "\n".join(sources())
    codes = set(re.findall(r"(?:problem\(\s*|code: )\"(\w+)\"", code))
    names = set(re.findall(r"namedError\(\s*\"(\w+)\"", code)) - {"InvalidStateError"}

    assert codes == first_names(section(PAGE, "Error codes"))
    assert names <= first_names(section(PAGE, "When connect rejects"))
    assert "`InvalidStateError`" in page(PAGE)


def test_everything_that_programs_give_has_a_row() -> None:
    """Options, source and sink of the entry for Node and React Native."""
    known = called(first_names(section(PAGE, "In Node")))

    assert fields("headless.ts", "HeadlessOptions") <= known
    assert fields("headless-source.ts", "AudioSource") <= known
    assert fields("headless-player.ts", "AudioSink") <= known
    assert fields("headless-source.ts", "Recording") <= set(re.findall(r"\w+", section(PAGE, "In Node")))


def test_the_widget_names_its_events() -> None:
    """Those of the SDK that it hands on."""
    text = (SDK / "widget" / "events.ts").read_text("utf-8")
    forwarded = re.findall(r"^  \"(\w+)\",$", text.partition("const FORWARDED")[2].partition("] as")[0], re.MULTILINE)

    assert len(forwarded) >= 10
    assert {f"atoms-{name}" for name in forwarded} <= first_names(section("widget.md", "Events"))
