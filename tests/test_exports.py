"""
``__all__`` is true: it names what a module is for, and others use nothing else of it.

Read from the sources, so that nothing has to be imported to be checked.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
# Public by their form, and still no part of what their module offers.
INSIDE: Mapping[str, frozenset[str]] = {
    # The rows of a table that is printed and forgotten.
    "vivavoce.cli.models": frozenset({"Finding"}),
    # Their names are read by people, in the descriptions of the interfaces.
    "vivavoce.server.descriptions.atoms_channel": frozenset({"OutputAudio", "SessionUpdate"}),
    "vivavoce.server.descriptions.route_notes": frozenset(
        {"CallRegistration", "CallToken", "EmbedTokenOrder", "OrganizationName", "PageTokenOrder"}
    ),
    # Runs where the module is a process of its own.
    "vivavoce.engines.espeak_process": frozenset({"main"}),
    # What Tracks and Recording hand to each other.
    "vivavoce.recording": frozenset({"Laid", "TrackShape"}),
}
# Registered by their decorators: the module offers them as HANDLERS, or puts them into the application itself.
ROUTES = frozenset({"delete", "get", "head", "patch", "post", "route"})


def name_of(file: Path) -> str:
    """``src/vivavoce/audio/pcm.py`` is ``vivavoce.audio.pcm``."""
    parts = file.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def trees() -> Mapping[str, ast.Module]:
    """The syntax of every module, by its name. Migrations are scripts that Alembic reads."""
    files = [file for file in sorted(SOURCE.rglob("*.py")) if "versions" not in file.parts]
    return {name_of(file): ast.parse(file.read_text("utf-8")) for file in files}


def exports(module: str) -> list[str] | None:
    """What the module says that it offers; None where it says nothing."""
    for node in trees()[module].body:
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "__all__" for target in node.targets):
            found: list[str] = ast.literal_eval(node.value)
            return found
    return None


def is_route(node: ast.stmt) -> bool:
    """Whether a function answers HTTP requests."""
    decorators = getattr(node, "decorator_list", ())
    return any(isinstance(one, ast.Call) and ast.unparse(one.func) in ROUTES for one in decorators)


def defined(module: str) -> set[str]:
    """The public functions and classes that the module defines."""
    return {
        node.name
        for node in trees()[module].body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not is_route(node)
    }


def bound(module: str) -> set[str]:
    """Everything that has a name at the top of the module, imports included."""
    found = set[str]()
    for node in trees()[module].body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
            case ast.Import() | ast.ImportFrom():
                found |= {alias.asname or alias.name for alias in node.names}
            case _:
                pass
    return found


def imports(module: str) -> Iterator[tuple[str, str]]:
    """What a module takes by name from others of the package: their names, and its."""
    for node in ast.walk(trees()[module]):
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module in trees():
            for alias in node.names:
                if f"{node.module}.{alias.name}" not in trees():
                    yield node.module, alias.name


@pytest.mark.parametrize("module", trees())
def test_a_module_offers_what_it_defines(module: str) -> None:
    """Every public function and class stands in ``__all__``, or in the list above with its reason."""
    inside = INSIDE.get(module, frozenset())

    assert set() == defined(module) - set(exports(module) or ()) - inside
    assert inside <= defined(module)


@pytest.mark.parametrize("module", trees())
def test_a_module_has_what_it_offers(module: str) -> None:
    """No name in ``__all__`` is left over, comes twice, or is private."""
    offered = exports(module) or []

    assert set() == set(offered) - bound(module)
    assert len(offered) == len(set(offered))
    assert [] == [name for name in offered if name.startswith("_")]


@pytest.mark.parametrize("module", trees())
def test_a_module_uses_what_others_offer(module: str) -> None:
    """Across modules only names of ``__all__`` are imported; the version is for all."""
    taken = [
        f"{other}.{name}"
        for other, name in imports(module)
        if name not in (exports(other) or ()) and name != "__version__"
    ]

    assert [] == taken


def test_the_client_package_offers_its_parts() -> None:
    """A package that gathers names offers all that it imports, and nothing of its own."""
    gathered = {name for _, name in imports("vivavoce.client")}

    assert gathered == set(exports("vivavoce.client") or ())
    assert set() == defined("vivavoce.client")
