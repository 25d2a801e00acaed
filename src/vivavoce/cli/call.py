"""
``vivavoce call``: a headless caller.

It says WAV files or types texts to an agent, prints the conversation with the latency of every answer,
and saves the agent's voice as it was played. A lost connection is taken up again where the server can.
Its exit code makes it a smoke test: 0 when every line was answered.
"""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from vivavoce.client.atoms import AtomsClient
from vivavoce.client.caller import Line, Report, Spoken, Turn, Typed, hold_call
from vivavoce.client.sound import load, save
from vivavoce.errors import Refused

__all__ = ["add", "run"]

ANSWERED, USAGE, REFUSED, NOT_CONNECTED, NOT_ANSWERED = 0, 2, 3, 4, 5
# Ends of a call that say that the connection is gone and did not come back.
_LOST = frozenset({"", "websocket_closed", "resume_failed"})

_EXIT_CODES = """\
exit codes:
  0  every line was answered
  2  the command or a file cannot be used
  3  the server refused the call; its reason is printed
  4  no connection, or the connection was lost
  5  a line was not answered
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb ``call`` to the command line."""
    parser = subparsers.add_parser(
        "call",
        help="call an agent without a browser: speak a WAV file or type a text, print answers and latency",
        description=__doc__,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("agent_id", metavar="AGENT_ID", help="the agent's 24 hex digits")
    lines = parser.add_mutually_exclusive_group(required=True)
    lines.add_argument("--wav", metavar="FILE", nargs="+", type=Path, help="sound files to say, one after the other")
    lines.add_argument("--text", metavar="TEXT", nargs="+", help="texts to type, one after the other")
    parser.add_argument("--url", default="http://localhost:8600", help="the server (default: %(default)s)")
    parser.add_argument("--key", default=os.environ.get("VIVAVOCE_KEY", ""), help="API key; default: $VIVAVOCE_KEY")
    parser.add_argument("--save", metavar="OUT.wav", type=Path, help="where to write the agent's voice")
    parser.add_argument("--mode", choices=("webcall", "chat"), default="webcall", help="default: %(default)s")
    parser.add_argument("--plain", action="store_true", help="speak the bare wire, without our extension")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the conversation")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the call that the command line asks for; returns the exit code."""
    if not args.key:
        return _failed(USAGE, "no API key: give --key or set VIVAVOCE_KEY")
    if args.wav and args.mode == "chat":
        return _failed(USAGE, "a chat has no audio: use --text, or leave --mode out")
    lines: list[Line] = [Typed(text) for text in args.text or ()]
    try:
        lines += [Spoken(path.name, load(path)) for path in args.wav or ()]
    except (OSError, ValueError) as error:
        return _failed(USAGE, str(error))
    try:
        report = asyncio.run(_call(args, lines))
    except Refused as refused:
        return _failed(REFUSED, f"the server refused the call: {refused}")
    # A timeout says nothing of itself.
    except TimeoutError:
        return _failed(NOT_CONNECTED, f"{args.url} does not answer")
    except ConnectionError as error:
        return _failed(NOT_CONNECTED, f"no call with {args.url}: {error}")
    except ValueError as error:
        return _failed(USAGE, str(error))
    print(_as_json(report) if args.json else _as_text(report))
    try:
        if args.save:
            save(args.save, report.recording)
    except OSError as error:
        return _failed(USAGE, str(error))
    if len(report.turns) == len(lines) and all(turn.answered for turn in report.turns):
        return ANSWERED
    if report.reason in _LOST:
        return _failed(NOT_CONNECTED, "the connection was lost")
    return _failed(NOT_ANSWERED, f"a line was not answered (the call ended: {report.reason})")


async def _call(args: argparse.Namespace, lines: list[Line]) -> Report:
    async with await AtomsClient.connect(
        args.url, key=args.key, agent_id=args.agent_id, mode=args.mode, ext=not args.plain
    ) as client:
        return await hold_call(client, lines, chat=args.mode == "chat")


def _as_text(report: Report) -> str:
    lines = [f"call   {report.call_id}"]
    if report.greeting:
        lines.append(f"agent  {report.greeting}")
    for turn in report.turns:
        lines.append(f"you    {_line_of(turn)}")
        latency = "" if turn.latency_s is None else f"  [{turn.latency_s * 1000:.0f} ms]"
        lines.append(f"agent  {turn.answer or ('(no words)' if turn.answered else '(no answer)')}{latency}")
    lines += [f"again  the connection was lost and taken up after {away_s:.2f} s" for away_s in report.away_s]
    lines += [f"error  {error}" for error in report.errors]
    lines.append(f"end    {report.reason or 'connection lost'}")
    return "\n".join(lines)


def _line_of(turn: Turn) -> str:
    if not turn.understood or turn.understood == turn.said:
        return turn.said
    return f"{turn.said}: {turn.understood}"


def _as_json(report: Report) -> str:
    fields = {
        "session_id": report.session_id,
        "call_id": report.call_id,
        "greeting": report.greeting,
        "turns": [asdict(turn) for turn in report.turns],
        "errors": report.errors,
        "reason": report.reason,
        "away_s": report.away_s,
        "recording_s": report.recording.duration_s,
    }
    return json.dumps(fields, ensure_ascii=False, indent=2)


def _failed(code: int, message: str) -> int:
    print(f"vivavoce call: {message}", file=sys.stderr)
    return code
