"""The pages tell what every field of an agent does, and which engines think and speak for it."""

import ast
import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from tests.doc_names import SOURCE, first_names, texts_in
from tests.doc_pages import ROOT, codes, rows, section
from vivavoce import plugins
from vivavoce.agent_settings import AgentSettings, cleaned, with_defaults
from vivavoce.engines.openai_settings import _SETTINGS as OPENAI_SETTINGS
from vivavoce.server.agent_tools import tools_of
from vivavoce.server.briefing import brief_for, style_of, voice_rates_hz
from vivavoce.server.embed_limits import limits_of
from vivavoce.talk.brief import Mode
from vivavoce.wire import variables
from vivavoce.wire.dialect import Codec

EFFECTS_AT = "Every field, and whether it has an effect now"


def leaves(structure: type[msgspec.Struct], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all fields of the agent document."""
    for field in msgspec.structs.fields(structure):
        path = (*above, field.encode_name)
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from leaves(field.type, path)
        else:
            yield path


# Lists that differ from what is there without them.
_LISTS: Mapping[str, object] = {
    "supported": ["de"],
    "tools": [{"type": "client_tool", "name": "another"}],
    "pronunciationDicts": [{"word": "another", "pronunciation": "an other"}],
}


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
            value = _LISTS[path[-1]]
    for name in reversed(path):
        value = {name: value}
    return cast(dict[str, object], value)


def told_to_calls(document: Mapping[str, object]) -> list[object]:
    """Everything that calls of both modes are told of an agent."""
    codec = cast(Codec, SimpleNamespace(agent_rate_hz=24000, lead_s=1.0))
    modes: tuple[Mode, ...] = ("webcall", "chat")
    told: list[object] = [style_of(document), voice_rates_hz(document), tools_of(document), limits_of(document)]
    for mode in modes:
        now = datetime(2026, 7, 2, tzinfo=UTC)
        values = variables.resolve({}, agent=document, call_id="CALL", mode=mode, now=now)
        told += [values, brief_for(document, mode=mode, variables=values, codec=codec)]
    return told


# Fields that mean something only beside others.
_BESIDE: Mapping[tuple[str, ...], Mapping[str, Any]] = {
    ("smartTurnConfig", "waitTimeInSecs"): {"smartTurnConfig": {"isEnabled": True}}
}


def takes_effect(document: Mapping[str, Any], *, beside: Mapping[str, Any] = MappingProxyType({})) -> bool:
    """Whether calls are told another thing with this document than without it."""
    both = {name: {**beside.get(name, {}), **value} if name in beside else value for name, value in document.items()}
    return told_to_calls(both) != told_to_calls(beside)


def test_every_field_of_an_agent_is_told_with_its_true_effect() -> None:
    """ "yes" where another value makes another call, "not yet" where it does not."""
    told = {row[0].strip("`"): row[1] for row in rows(section("agents.md", EFFECTS_AT))}
    effects = {
        ".".join(path): "yes" if takes_effect(another(path), beside=_BESIDE.get(path, {})) else "not yet"
        for path in leaves(AgentSettings)
    }
    effects["knowledge"] = "yes" if takes_effect({"knowledge": "## Open?\n\nYes."}) else "not yet"

    assert effects == told


@pytest.mark.parametrize("path", [(), *leaves(AgentSettings)], ids=".".join)
def test_what_is_shown_is_what_is_served(path: tuple[str, ...]) -> None:
    """A document that was read can be written back whole, whatever its author has set in it."""
    document = another(path) if path else {}

    assert told_to_calls(document) == told_to_calls(with_defaults(document))


def test_the_agents_that_are_shown_are_accepted() -> None:
    """Every document of the pages could be sent as it stands."""
    shown = [json.loads(code.text) for code in codes(ROOT / "docs" / "agents.md", kind="json")]

    assert shown == [cleaned(document) for document in shown]


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
