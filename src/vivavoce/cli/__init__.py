"""
The command line: ``vivavoce VERB …``.

Each verb is a module with ``add(verbs)``, which describes its arguments, and ``run(args)``, which does it
and returns the exit code. Only the module of the verb that was asked for is imported.

Exit codes: 0 it was done, 1 it failed, 2 it was asked for wrongly or the configuration is wrong.
What a script wants to read goes to stdout and nothing else does; an expected error is one sentence on stderr.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from vivavoce import __version__
from vivavoce.errors import ConfigError, VivavoceError

__all__ = ["main"]

# Module and what it is for, in the order of the help.
_VERBS: Mapping[str, str] = {
    "serve": "run the server",
    "call": "call an agent without a browser",
    "replay": "play a recorded call again through the core",
    "keys": "make, list and revoke API keys",
    "users": "list and make users of the console, and links to sign in",
    "agents": "make, list, change and archive agents",
    "models": "list the speech and language engines that are found",
    "doctor": "check that this machine and this configuration can serve calls",
}


def main(argv: Sequence[str] | None = None) -> int:
    """
    Do what the command line says.

    Args:
        argv: The arguments without the program's name; None takes those of the process.

    Returns:
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except ConfigError as error:
        print(f"vivavoce: {error}", file=sys.stderr)
        return 2
    except VivavoceError as error:
        print(f"vivavoce: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        # As shells report a program that Ctrl-C has ended.
        return 130
    except BrokenPipeError:
        # The reader, such as ``head``, has seen enough; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(arguments: list[str]) -> int:
    asked = next((word for word in arguments if not word.startswith("-")), "")
    parser = argparse.ArgumentParser(prog="vivavoce", description="The open, self-hosted server for live voice agents.")
    parser.add_argument("--version", action="version", version=f"vivavoce {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, purpose in _VERBS.items():
        if name == asked:
            import_module(f"vivavoce.cli.{name}").add(verbs)
        else:
            verbs.add_parser(name, help=purpose)
    try:
        args = parser.parse_args(arguments)
    except SystemExit as end:
        # argparse has said on stderr what is wrong, or on stdout what was asked for.
        return end.code if isinstance(end.code, int) else 2
    code = import_module(f"vivavoce.cli.{args.verb}").run(args)
    sys.stdout.flush()
    return int(code)
