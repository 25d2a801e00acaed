"""The pages tell of the command line and the settings as the code has them."""

import argparse
import configparser
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from tests.doc_names import first_names
from tests.doc_pages import PAGES, ROOT, Code, codes, rows, section
from vivavoce import plugins
from vivavoce.cli import _VERBS
from vivavoce.cli.call import _EXIT_CODES
from vivavoce.config import Config, load_config
from vivavoce.engines.openai_settings import _SETTINGS as OPENAI_SETTINGS
from vivavoce.server.bodies import MOST_BYTES
from vivavoce.store import tokens
from vivavoce.talk.policy import Policy
from vivavoce.wire.atoms import LONGEST_TEXT_BYTES
from vivavoce.wire.atoms_tools import LARGEST_OUTPUT_BYTES

VERBS_AT = "The command line"


def test_every_setting_is_told_with_its_default() -> None:
    """Name, environment and default stand in one row, as the code has them."""
    told = {row[0].strip("`"): row for row in rows(section("operations.md", "Settings"))}
    fields = {field.name: field for field in msgspec.structs.fields(Config)}

    assert fields.keys() == told.keys()
    for name, field in fields.items():
        if name in ("database", "public_url", "trusted_proxies", "admin_password", "engines"):
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
def test_every_configuration_that_is_shown_is_accepted(code: Code, tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    "figure",
    [
        f"{LONGEST_TEXT_BYTES:,} bytes",
        f"{LARGEST_OUTPUT_BYTES:,} bytes",
        f"{MOST_BYTES:,} bytes",
        f"{tokens.LIFETIME_S} seconds, one call",
        f"{tokens.SYNTHFLOW_LIFETIME_S} seconds, one call",
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
