"""A call as a file to keep: its transcript as text and as JSON."""

from collections.abc import Sequence
from typing import Any

import msgspec

from vivavoce.server.console.amounts import wait
from vivavoce.store.calls import Call
from vivavoce.views.call_entries import Absence, Entry, ToolUse, Trouble, Turn
from vivavoce.views.end_reasons import plain_end
from vivavoce.views.times import iso

__all__ = ["as_json", "as_text", "clock"]


def as_text(call: Call, entries: Sequence[Entry], *, agent: str) -> str:
    """For reading: who, when and what, a line each."""
    end = plain_end(call.end_reason) if call.end_reason else ""
    lines = [f"{call.id}", f"{agent}, {call.started_at:%Y-%m-%d %H:%M:%S} UTC{f', {end}' if end else ''}", ""]
    for entry in entries:
        at = f"[{clock(entry.at)}]"
        match entry:
            case Turn(role=role, text=text, cut_at=cut_at):
                cut = " (interrupted)" if cut_at is not None else ""
                lines.append(f"{at} {agent if role == 'agent' else 'Visitor'}: {text or '…'}{cut}")
            case ToolUse(name=name, arguments=arguments, output=output, error=error):
                lines.append(f"{at} Tool {name} {arguments} → {error or output or '…'}")
            case Absence(away_s=away_s):
                lines.append(f"{at} Connection lost{'' if away_s is None else f' for {wait(away_s)}'}")
            case Trouble(where=where, text=text):
                lines.append(f"{at} Error in {where}: {text}")
    return "\n".join(lines) + "\n"


def as_json(call: Call, entries: Sequence[Entry], *, agent: str) -> bytes:
    """For programs: the same with all times, in seconds since the call began."""
    document = {
        "callId": call.id,
        "agent": {"id": call.agent_id, "name": agent},
        "type": call.mode,
        "startedAt": iso(call.started_at),
        "endedAt": None if call.ended_at is None else iso(call.ended_at),
        "endReason": call.end_reason,
        "variables": call.variables,
        "entries": [{"kind": entry.kind, **_rounded(msgspec.to_builtins(entry))} for entry in entries],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def clock(seconds: float) -> str:
    """A moment of a call, such as ``4:05`` or ``1:02:03``."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _rounded(value: Any) -> Any:
    """The same without digits that nobody has measured. ``Any`` is what msgspec makes of an entry."""
    match value:
        case float():
            return round(value, 3)
        case dict():
            return {name: _rounded(part) for name, part in value.items()}
        case list() | tuple():
            return [_rounded(part) for part in value]
        case _:
            return value
