"""
The events of a call: its facts in the words of the Atoms event stream.

Source: Atoms events (wire-spec 2.8); moments in ISO form, durations in whole milliseconds (decision C21).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from vivavoce.talk.facts import (
    AgentSaid,
    CallEnded,
    CallStarted,
    EngineStumbled,
    Fact,
    Failed,
    Interrupted,
    ToolEnded,
    ToolStarted,
    TurnTimed,
    UserSaid,
)
from vivavoce.views.times import milliseconds, moment

__all__ = ["events"]


def events(facts: Iterable[tuple[int, Fact]], *, call_id: str, started_at: datetime) -> list[dict[str, object]]:
    """
    The events, in order; facts that the stream has no word for are left out, and so are interim transcripts.

    Args:
        facts: The facts of the call with their numbers.
        call_id: The call.
        started_at: When the session opened.
    """
    return list(_events(list(facts), call_id=call_id, started_at=started_at))


def _events(facts: list[tuple[int, Fact]], *, call_id: str, started_at: datetime) -> Iterator[dict[str, object]]:
    timed = {fact.reply: fact for _, fact in facts if isinstance(fact, TurnTimed)}
    interrupted = {fact.reply for _, fact in facts if isinstance(fact, Interrupted)}
    tools = {fact.call.id: fact for _, fact in facts if isinstance(fact, ToolStarted)}
    turn_index = 0
    for n, fact in facts:
        turn_index += isinstance(fact, TurnTimed)
        own = _own_fields(fact, timed=timed, interrupted=interrupted, tools=tools, turn_index=turn_index)
        if own is not None:
            yield {
                "event_id": f"{call_id}_{n}_{milliseconds(fact.at)}",
                "timestamp": moment(started_at, fact.at),
                "call_id": call_id,
                **own,
            }


def _own_fields(
    fact: Fact,
    *,
    timed: dict[int, TurnTimed],
    interrupted: set[int],
    tools: dict[str, ToolStarted],
    turn_index: int,
) -> dict[str, object] | None:
    match fact:
        case CallStarted():
            return {"event_type": "call_start", "telephony_id": ""}
        case CallEnded(reason=reason):
            return {"event_type": "call_end", "metadata": {"reason": reason}}
        case UserSaid(text=text, final=True) if text.strip():
            return {"event_type": "user_transcription", "user_transcription_text": text}
        case AgentSaid(reply=reply, text=text, final=True) if text.strip():
            latency = timed.get(reply)
            return {
                "event_type": "tts_completed",
                "tts_text": text,
                "tts_latency": 0 if latency is None else milliseconds(latency.voice_s),
            }
        case TurnTimed(reply=reply):
            return {
                "event_type": "turn_latency",
                "turn_latency": milliseconds(fact.total_s),
                "smart_turn_ms": milliseconds(fact.endpoint_s),
                "stt_api_ms": milliseconds(fact.transcript_s),
                "llm_api_ms": milliseconds(fact.text_s),
                "tts_api_ms": milliseconds(fact.voice_s),
                "total_turn_ms": milliseconds(fact.total_s),
                "turn_index": turn_index,
                "interrupted": reply in interrupted,
            }
        case ToolStarted(call=call):
            return {
                "event_type": "tool_call_start",
                "tool_call_id": call.id,
                "function_name": call.name,
                "context": call.arguments,
            }
        case ToolEnded(call_id=tool_call_id, name=name, output=output, error=error):
            started = tools.get(tool_call_id)
            return {
                "event_type": "tool_call_error" if error else "tool_call_end",
                "tool_call_id": tool_call_id,
                "function_name": name,
                "response": output,
                "success": not error,
                "error": error,
                "latency_ms": 0 if started is None else milliseconds(fact.at - started.at),
            }
        case EngineStumbled(stage=stage, reason=reason):
            return {"event_type": "agent_error", "metadata": {"stage": stage}, "error": reason}
        case Failed(code=code, message=message):
            return {"event_type": "agent_error", "metadata": {"code": code}, "error": message}
        case _:
            return None
