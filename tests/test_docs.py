"""
The documentation is complete and true: it is compared with the code it tells of.

What it shows for running is run in ``test_docs_run.py``.
"""

import argparse
import ast
import configparser
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args

import msgspec
import pytest

from tests.doc_pages import PAGES, ROOT, codes, page, prose, rows, section, sections, slugs
from vivavoce import plugins
from vivavoce.agent_settings import AgentSettings, cleaned, with_defaults
from vivavoce.cli import _VERBS
from vivavoce.cli.call import _EXIT_CODES
from vivavoce.client import messages as client_messages
from vivavoce.config import Config, load_config
from vivavoce.engines.openai_settings import _SETTINGS as OPENAI_SETTINGS
from vivavoce.server.bodies import MOST_BYTES
from vivavoce.server.briefing import brief_for, style_of, voice_rates_hz
from vivavoce.store import tokens
from vivavoce.talk.brief import Mode
from vivavoce.talk.facts import Fact
from vivavoce.talk.policy import Policy
from vivavoce.wire import formats, variables
from vivavoce.wire.atoms import LONGEST_TEXT_BYTES, AtomsCodec
from vivavoce.wire.atoms_messages import ClientMessage, ServerMessage, ToolDeclaration
from vivavoce.wire.atoms_tools import LARGEST_OUTPUT_BYTES
from vivavoce.wire.dialect import Broken, Codec, SessionNames

SOURCE = ROOT / "src" / "vivavoce"
CLIENT_TAGS = {member.__struct_config__.tag: member for member in get_args(ClientMessage)}
SERVER_TAGS = {member.__struct_config__.tag: member for member in get_args(ServerMessage)}
# The one message that is not made by an encoder.
AUDIO_OUT = "output_audio.delta"
VERBS_AT = "The command line"
EFFECTS_AT = "Every field, and whether it has an effect now"


def in_ticks(cell: str) -> list[str]:
    """What a table's cell names."""
    return re.findall(r"`([^`]+)`", cell)


def first_names(text: str) -> set[str]:
    """Everything that the first cells of a text's tables name."""
    return {name for row in rows(text) for name in in_ticks(row[0])}


def calls_of(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """All calls in a source file, by the last part of the called name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node


def texts_in(node: ast.AST) -> Iterator[str]:
    """The texts written within an expression."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


# -- the command line and the settings ------------------------------------------------------------------------


def test_every_setting_is_told_with_its_default() -> None:
    """Name, environment and default stand in one row, as the code has them."""
    told = {row[0].strip("`"): row for row in rows(section("operations.md", "Settings"))}
    fields = {field.name: field for field in msgspec.structs.fields(Config)}

    assert fields.keys() == told.keys()
    for name, field in fields.items():
        if name in ("database", "public_url", "engines"):
            # Empty, which the table says in words.
            continue
        default = {True: "on", False: "off"}[field.default] if isinstance(field.default, bool) else field.default
        default = f"{default:g}" if isinstance(default, float) else str(default)

        assert [f"`VIVAVOCE_{name.upper()}`", f"`{default}`"] == told[name][1:3]


def options_of(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """The verb, and each of its options."""
    verb = parser.prog.removeprefix("vivavoce ")
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from options_of(inner)
        elif action.option_strings and "--help" not in action.option_strings:
            yield verb, action.option_strings[0]
        elif not action.option_strings:
            yield verb, ""


@pytest.mark.parametrize("verb", _VERBS)
def test_every_verb_is_told_with_its_options(verb: str) -> None:
    """Each verb has a row, or one for each of its actions, and the row names the options."""
    told = {tuple(row[0].strip("`").split()[:2]): " ".join(row) for row in rows(section("operations.md", VERBS_AT))}
    parser = argparse.ArgumentParser(prog="vivavoce")
    import_module(f"vivavoce.cli.{verb}").add(parser.add_subparsers())
    known = [(words, text) for words, text in told.items() if words[0] == verb]

    assert known
    for name, option in options_of(parser):
        words = tuple(name.split()[:2])
        if words[:1] == (verb,):
            row = next(text for key, text in known if len(words) == 1 or key == words)

            assert option in row, f"{name} {option}"


def test_every_exit_code_of_call_is_told() -> None:
    """A script may rely on them."""
    codes_known = set(re.findall(r"^\s+(\d)  ", _EXIT_CODES, re.MULTILINE))
    told = {row[0] for row in rows(section("operations.md", VERBS_AT))}

    assert codes_known
    assert codes_known <= told


@pytest.mark.parametrize("code", [code for path in PAGES for code in codes(path, kind="toml")], ids=lambda c: c.place)
def test_every_configuration_that_is_shown_is_accepted(code: Any, tmp_path: Path) -> None:
    """A ``vivavoce.toml`` loads, engines named in it know their settings; a ``pyproject.toml`` names real groups."""
    table = tomllib.loads(code.text)
    if "project" in table:
        assert set(table["project"]["entry-points"]) <= {f"vivavoce.{kind}" for kind in plugins.KINDS}
        return
    (tmp_path / "vivavoce.toml").write_text(code.text)
    config = load_config({}, folder=tmp_path)
    for engine, settings in config.engines.items():
        known = OPENAI_SETTINGS if engine == "openai" else first_names(section("engines.md", engine))

        assert {re.sub(r"^(llm|stt|tts)_", "", key) for key in settings} <= known


def test_the_service_file_is_one() -> None:
    """It has the three sections, and gives the server more time than it takes to drain."""
    (code,) = codes(ROOT / "docs" / "operations.md", kind="ini")
    unit = configparser.ConfigParser()
    unit.read_string(code.text)

    assert ["Unit", "Service", "Install"] == unit.sections()
    assert float(unit["Service"]["TimeoutStopSec"]) > Config().drain_s


# -- the wire -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", [*CLIENT_TAGS, *SERVER_TAGS, AUDIO_OUT])
def test_every_message_is_told_with_its_fields_and_an_example(tag: str) -> None:
    """Each has a heading, a row for every field, and an example of its own type."""
    text = section("protocol.md", tag)
    structure: Any = {**CLIENT_TAGS, **SERVER_TAGS}.get(tag)
    fields = {field.encode_name for field in msgspec.structs.fields(structure)} if structure else {"audio"}
    examples = [json.loads(code.text) for code in codes_in(text)]
    told = first_names(text)
    if tag == "session.update":
        # Its rows are those of a tool.
        fields = {"type"} | {field.encode_name for field in msgspec.structs.fields(ToolDeclaration)}

    assert fields == told
    assert [tag] == [example["type"] for example in examples]


def codes_in(text: str) -> list[Any]:
    """The JSON of a section."""
    return [SimpleNamespace(text=body) for body in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


@pytest.mark.parametrize("tag", CLIENT_TAGS)
def test_the_server_understands_the_examples_of_client_messages(tag: str) -> None:
    """The codec takes each of them for what it says, and complains of none."""
    names = SessionNames("session", "CALL-1776756378884-6a553c", datetime(2026, 7, 2, tzinfo=UTC))
    codec = AtomsCodec(names, formats.AudioFormats())
    (example,) = codes_in(section("protocol.md", tag))
    received = codec.receive(example.text.encode(), text=True)

    assert received is not None
    assert not isinstance(received, Broken)


@pytest.mark.parametrize("tag", [*SERVER_TAGS, AUDIO_OUT])
def test_a_client_understands_the_examples_of_server_messages(tag: str) -> None:
    """They have all that the server sends, nothing else, and our client knows them."""
    (example,) = codes_in(section("protocol.md", tag))
    message = client_messages.read(example.text.encode(), at_s=0.0, rate_hz=24000)

    assert not isinstance(message, client_messages.UnknownMessage)
    if tag in SERVER_TAGS:
        fields = {field.encode_name for field in msgspec.structs.fields(SERVER_TAGS[tag])}

        assert {"type"} | fields == set(json.loads(example.text))


def test_every_query_parameter_is_told() -> None:
    """What the handshake reads stands in the table, and nothing else."""
    read = {
        text
        for file in ("server/admission.py", "wire/formats.py")
        for node in ast.walk(ast.parse((SOURCE / file).read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("query.get")
        for text in texts_in(node.args[0])
    }

    assert read == first_names(section("protocol.md", "Query parameters"))


def test_every_audio_format_is_told() -> None:
    """In both directions, Opus and the fine rate included."""
    known = {*formats.input_tokens(with_opus=True), *formats.output_tokens((44100,))}

    assert known == first_names(section("protocol.md", "Audio formats"))


def test_every_reserved_variable_is_told() -> None:
    """A page that sets one of them must learn why it has no effect."""
    assert variables.RESERVED == first_names(section("protocol.md", "Variables"))


def test_every_reason_of_an_end_is_told() -> None:
    """Every word that a call can end with, wherever the code says it."""
    said = set[str]()
    for file in SOURCE.rglob("*.py"):
        if "testing" in file.parts:
            continue
        for name, call in calls_of(file):
            if name in ("_end", "leave", "ClientLeft", "CallEnded"):
                said |= {text for argument in call.args for text in texts_in(argument)}

    assert said == first_names(section("protocol.md", "How a call ends"))


def test_every_fact_is_told() -> None:
    """The list of facts is the call."""
    facts = {fact.__name__ for fact in get_args(Fact)}

    assert facts == {row[0].strip("`") for row in rows(section("protocol.md", "The facts of a call"))}


# -- errors ---------------------------------------------------------------------------------------------------


def test_every_error_code_is_told() -> None:
    """Every code that any part of the server can send has a row."""
    sent = set[str]()
    for folder in ("wire", "talk", "server"):
        for file in (SOURCE / folder).rglob("*.py"):
            for name, call in calls_of(file):
                place = {"Broken": 0, "Failed": 1, "error": 0}.get(name)
                if place is not None and len(call.args) > place:
                    sent |= {text for text in texts_in(call.args[place]) if re.fullmatch(r"[a-z_]+", text)}

    assert {"invalid_event", "invalid_tools", "tool_timeout", "internal_error"} <= sent
    assert sent <= first_names(section("errors.md", "Error codes"))


def test_every_refusal_is_told() -> None:
    """The words of every ``Refused`` of the server stand in the tables, whole or around what it fills in."""
    told = page("errors.md").replace("\\|", "|")
    worded = ("objection", "flaw", "_not_supported", "_complaint")
    said = set[str]()
    for file in [*(SOURCE / "server").glob("*.py"), *(SOURCE / "wire").glob("*.py"), SOURCE / "agent_settings.py"]:
        for name, call in calls_of(file):
            if name == "Refused":
                said |= set(texts_in(call.args[1]))
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name in worded:
                said |= {text for inner in ast.walk(node) if isinstance(inner, ast.Return) for text in texts_in(inner)}
    pieces = {piece.strip(" '.:,") for piece in said}
    wanted = {piece for piece in pieces if re.search(r"[A-Za-z]{4}", piece) and piece not in ("path", "value")}

    assert {"Invalid mode", "Agent not found", "No agent found"} <= wanted
    assert [] == sorted(piece for piece in wanted if piece.replace("\0", r"\u0000") not in told and piece not in told)


# -- agents ---------------------------------------------------------------------------------------------------


def leaves(structure: type[msgspec.Struct], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all fields of the agent document."""
    for field in msgspec.structs.fields(structure):
        path = (*above, field.encode_name)
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from leaves(field.type, path)
        else:
            yield path


def another(path: tuple[str, ...]) -> dict[str, object]:
    """A document in which this one field has another value than its default."""
    default: Any = with_defaults({})
    for name in path:
        default = default[name]
    value: object
    match default:
        case bool():
            value = not default
        case int() | float():
            value = default + 1
        case "single_prompt":
            value = "workflow_graph"
        case str():
            value = "another"
        case {}:
            value = {"name": "another"}
        case _:
            value = [{"name": "another"}] if path[-1] != "supported" else ["de"]
    for name in reversed(path):
        value = {name: value}
    return cast(dict[str, object], value)


def told_to_calls(document: Mapping[str, object]) -> list[object]:
    """Everything that calls of both modes are told of an agent."""
    codec = cast(Codec, SimpleNamespace(agent_rate_hz=24000, lead_s=1.0))
    modes: tuple[Mode, ...] = ("webcall", "chat")
    told: list[object] = [style_of(document), voice_rates_hz(document)]
    for mode in modes:
        now = datetime(2026, 7, 2, tzinfo=UTC)
        values = variables.resolve({}, agent=document, call_id="CALL", mode=mode, now=now)
        told += [values, brief_for(document, mode=mode, variables=values, codec=codec)]
    return told


def test_every_field_of_an_agent_is_told_with_its_true_effect() -> None:
    """ "yes" where another value makes another call, "not yet" where it does not."""
    told = {row[0].strip("`"): row[1] for row in rows(section("agents.md", EFFECTS_AT))}
    plain = told_to_calls({})
    effects = {
        ".".join(path): "yes" if told_to_calls(another(path)) != plain else "not yet" for path in leaves(AgentSettings)
    }
    effects["knowledge"] = "yes" if told_to_calls({"knowledge": "## Open?\n\nYes."}) != plain else "not yet"

    assert effects == told


def test_the_agents_that_are_shown_are_accepted() -> None:
    """Every document of the pages could be sent as it stands."""
    (shown,) = [json.loads(code.text) for code in codes(ROOT / "docs" / "agents.md", kind="json")]

    assert cleaned(shown) == shown


# -- engines --------------------------------------------------------------------------------------------------


def read_settings(module: str) -> set[str]:
    """The names of settings that an engine's module reads."""
    found = set[str]()
    for node in ast.walk(ast.parse((SOURCE / "engines" / f"{module}.py").read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="settings"), attr="get")):
                found |= set(texts_in(node.args[0]))
            case ast.Call(func=ast.Name(id="number")):
                found |= set(texts_in(node.args[1]))
            case ast.Subscript(value=ast.Name(id="settings"), slice=ast.Constant(value=str(name))):
                found.add(name)
    return found


@pytest.mark.parametrize("engine", sorted({name for kind in plugins.KINDS[:-1] for name in plugins.names(kind)}))
def test_every_engine_is_told_with_its_settings(engine: str) -> None:
    """A heading for each built-in engine, and a row for each setting that it reads."""
    if not (SOURCE / "engines" / f"{engine}.py").exists():
        pytest.skip("an engine of a plug-in")
    known = OPENAI_SETTINGS if engine == "openai" else read_settings(engine)

    assert set(known) == first_names(section("engines.md", engine)) - {"OPENAI_API_KEY"}


def test_every_entry_point_group_is_told() -> None:
    """What can be plugged in, as ``pyproject.toml`` and the code have it."""
    declared = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"])
    told = {row[0].strip("`") for row in rows(section("plugins.md", "The entry points"))}

    assert {f"vivavoce.{kind}" for kind in plugins.KINDS} == told
    assert declared == told


@pytest.mark.parametrize(
    "figure",
    [
        f"{LONGEST_TEXT_BYTES:,} bytes",
        f"{LARGEST_OUTPUT_BYTES:,} bytes",
        f"{MOST_BYTES:,} bytes",
        f"{tokens.LIFETIME_S} seconds, one call",
        f"{Policy().longest_turn_s:g} seconds",
        f"{Policy().longest_reply_letters:,} letters",
        f"{Policy().idle_s:g} seconds, three times",
        f"{Policy().longest_call_s / 60:g} minutes",
        f"in a row | {Policy().most_failures}",
        f"in one answer | {Policy().most_tool_rounds}",
    ],
)
def test_the_limits_are_those_of_the_code(figure: str) -> None:
    """The page of an operator has no figure that the code has not."""
    assert figure in section("operations.md", "Limits")


# -- the pages themselves -------------------------------------------------------------------------------------


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
    absent = re.compile(r"\b(?:console|dashboard|widget|synthflow|webhooks?)\b", re.IGNORECASE)
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
    body = agent.partition("export class AtomsAgent {")[2]
    members = set(re.findall(r"^  (?:get )?(\w+)(?:<.*?>)?\(", body, re.MULTILINE)) - {"constructor"}
    options = set(re.findall(r"^  (\w+)\??:", agent.partition("interface AtomsAgentConfig")[2], re.MULTILINE))
    names = set(re.findall(r"^  (\w+): \[", events, re.MULTILINE))
    return members, names, options


@pytest.mark.parametrize(
    "code",
    [code for path in PAGES for kind in ("js", "html") for code in codes(path, kind=kind)],
    ids=lambda c: c.place,
)
def test_pages_use_what_the_sdk_has(code: Any) -> None:
    """No snippet calls a method, names an event or gives an option that does not exist."""
    members, events, options = sdk_names()
    given = [
        name for found in re.findall(r"AtomsAgent\(\{(.*?)\}\)", code.text) for name in re.findall(r"(\w+):", found)
    ]

    assert {"connect", "on", "isConnected"} <= members
    assert set(re.findall(r"\bagent\.(\w+)", code.text)) <= members
    assert set(re.findall(r"\bagent\.on\(\"(\w+)\"", code.text)) <= events
    assert set(given) <= options


def test_the_reader_reads() -> None:
    """The checks above would pass on pages that they cannot read."""
    assert len(sections(page("protocol.md"))) > 30
    assert len(PAGES) >= 9
