"""
The events of a call: its facts in the words of the Atoms event stream.

Source: Atoms events (wire-spec 2.8); moments in ISO form, durations in whole milliseconds (decision C21), the value of
a metric is a number (decision C22).
"""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from vivavoce.talk.facts import (
    AgentSaid,
    CallEnded,
    CallStarted,
    ClientLost,
    ClientReturned,
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

__all__ = ["Event", "Teller", "events"]

# As it stands in the stream: ``event_type``, what all events have, and the fields of its own.
Event = dict[str, object]
# A listener wants them as they come; in the list of a call they would only repeat what else is there.
_LIVE_ONLY = frozenset({"user_interim_transcription", "metrics"})


def events(facts: Iterable[tuple[int, Fact]], *, call_id: str, started_at: datetime) -> list[Event]:
    """
    The events, in order; facts that the stream has no word for are left out, and so are interim texts and metrics.

    Args:
        facts: The facts of the call with their numbers.
        call_id: The call.
        started_at: When the session opened.
    """
    known = list(facts)
    interrupted = {fact.reply for _, fact in known if isinstance(fact, Interrupted)}
    teller = Teller(call_id=call_id, started_at=started_at, interrupted=interrupted)
    return [event for n, fact in known for event in teller.tell(n, fact) if event["event_type"] not in _LIVE_ONLY]


class Teller:
    """
    Tells the facts of one call, one after the other, as events.

    It must be told every fact from the first on, for some events look back. None looks ahead: the same facts give the
    same events, whether they are told as they happen or afterwards.

    Args:
        call_id: The call.
        started_at: When the session opened.
        models: The names of the models behind ``stt``, ``llm`` and ``tts``, as far as they are known.
        interrupted: Replies that are known to have been interrupted later on.
    """

    def __init__(
        self,
        *,
        call_id: str,
        started_at: datetime,
        models: Mapping[str, str] | None = None,
        interrupted: Collection[int] = (),
    ) -> None:
        self._call_id = call_id
        self._started_at = started_at
        self._models = models or {}
        self._interrupted = interrupted
        # Turns that have been timed so far; they count from one.
        self._turns = 0
        # How long the voice of each reply took, in milliseconds.
        self._voice_ms: dict[int, int] = {}
        # When each tool that has not ended was started, in seconds since the session opened.
        self._tools_at: dict[str, float] = {}

    def tell(self, n: int, fact: Fact) -> list[Event]:
        """
        The events of the next fact: none, one or two.

        Args:
            n: Its number in the call.
            fact: The fact.
        """
        own = self._own_fields(fact)
        if own is None:
            return []
        told = [self._whole(f"{self._call_id}_{n}_{milliseconds(fact.at)}", fact, own)]
        if isinstance(fact, TurnTimed):
            metrics = self._metrics(fact)
            told.append(self._whole(f"{self._call_id}_{n}_{milliseconds(fact.at)}_metrics", fact, metrics))
        return told

    def _whole(self, event_id: str, fact: Fact, own: Event) -> Event:
        return {
            "event_type": own["event_type"],
            "event_id": event_id,
            "timestamp": moment(self._started_at, fact.at),
            "call_id": self._call_id,
            **own,
        }

    def _metrics(self, fact: TurnTimed) -> Event:
        spent_s = {"stt": fact.transcript_s, "llm": fact.text_s, "tts": fact.voice_s}
        return {
            "event_type": "metrics",
            "metrics": [
                {"processor": stage, "model": self._models.get(stage), "value": milliseconds(seconds)}
                for stage, seconds in spent_s.items()
            ],
        }

    def _own_fields(self, fact: Fact) -> Event | None:
        match fact:
            case CallStarted():
                return {"event_type": "call_start", "telephony_id": ""}
            case CallEnded(reason=reason):
                return {"event_type": "call_end", "metadata": {"reason": reason}}
            case UserSaid(text=text, final=True) if text.strip():
                return {"event_type": "user_transcription", "user_transcription_text": text}
            case UserSaid(text=text) if text.strip():
                return {"event_type": "user_interim_transcription", "interim_transcription_text": text}
            case AgentSaid(reply=reply, text=text, final=True) if text.strip():
                return {
                    "event_type": "tts_completed",
                    "tts_text": text,
                    "tts_latency": self._voice_ms.pop(reply, 0),
                }
            case TurnTimed():
                return self._turn(fact)
            case ToolStarted(call=call):
                self._tools_at[call.id] = fact.at
                return {
                    "event_type": "tool_call_start",
                    "tool_call_id": call.id,
                    "function_name": call.name,
                    "context": _object(call.arguments),
                }
            case ToolEnded(call_id=tool_call_id, name=name, output=output, error=error):
                return {
                    "event_type": "tool_call_error" if error else "tool_call_end",
                    "tool_call_id": tool_call_id,
                    "function_name": name,
                    "response": output,
                    "success": not error,
                    "error": error,
                    "latency_ms": milliseconds(fact.at - self._tools_at.pop(tool_call_id, fact.at)),
                }
            case ClientLost():
                return {"event_type": "agent_log", "metadata": {"connection": "lost"}}
            case ClientReturned(away_s=away_s):
                metadata = {"connection": "returned", "away_ms": milliseconds(away_s)}
                return {"event_type": "agent_log", "metadata": metadata}
            case EngineStumbled(stage=stage, reason=reason):
                return {"event_type": "agent_error", "metadata": {"stage": stage}, "error": reason}
            case Failed(code=code, message=message):
                return {"event_type": "agent_error", "metadata": {"code": code}, "error": message}
            case _:
                return None

    def _turn(self, fact: TurnTimed) -> Event:
        self._turns += 1
        self._voice_ms[fact.reply] = milliseconds(fact.voice_s)
        return {
            "event_type": "turn_latency",
            "turn_latency": milliseconds(fact.total_s),
            "smart_turn_ms": milliseconds(fact.endpoint_s),
            "stt_api_ms": milliseconds(fact.transcript_s),
            "llm_api_ms": milliseconds(fact.text_s),
            "tts_api_ms": milliseconds(fact.voice_s),
            "total_turn_ms": milliseconds(fact.total_s),
            "turn_index": self._turns,
            "interrupted": fact.reply in self._interrupted,
        }


def _object(arguments: str) -> dict[str, object]:
    """The arguments of a tool, which a model wrote, as the object that the field takes."""
    try:
        read = json.loads(arguments or "{}")
        # An escape can stand for half a character, which no message can carry.
        json.dumps(read, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        read = arguments
    return read if isinstance(read, dict) else {"arguments": read}
