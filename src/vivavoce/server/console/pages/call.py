"""One call: what was said, its sound, how fast the answers came, and what came of it; live and afterwards."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.call_figures import analysis_of, figures_of
from vivavoce.server.console.call_texts import as_json, as_text, clock
from vivavoce.server.console.rendering import CONSOLE_POLICY, PAGE_HEADERS, confirmation, go, render
from vivavoce.server.recording_peaks import peaks_of
from vivavoce.server.rest.calls import end_live
from vivavoce.server.rest.conversations import all_facts
from vivavoce.server.services import Services
from vivavoce.store import agents, calls
from vivavoce.store.call_deliveries import list_of_call
from vivavoce.store.calls import Call
from vivavoce.talk.facts import CallEnded, Fact
from vivavoce.views.call_entries import Entry, Turn, stages
from vivavoce.views.call_parts import duration_ms
from vivavoce.views.call_story import story
from vivavoce.views.conversation import shown_document
from vivavoce.views.end_reasons import plain_end

__all__ = ["HANDLERS"]

# What a template is told.
Values = dict[str, Any]
_CALLS = "/console/calls"
# Parts of a call that are shown at once; an hour has some hundred.
_AT_ONCE = 300
_MOST_DELIVERIES = 50
# Waterfalls of a call are drawn to one scale, which one slow answer does not spoil.
_LONGEST_SCALE_MS = 5000


@dataclass(frozen=True, slots=True)
class _Told:
    """
    A call with all that happened in it.

    Args:
        last_n: The number of the newest fact.
        end_reason: Of a call that is over; its row is closed a moment after the last fact.
    """

    call: Call
    entries: Sequence[Entry]
    last_n: int
    end_reason: str

    @property
    def live(self) -> bool:
        return self.call.ended_at is None and not self.end_reason


@get("/calls/{call_id:str}")
async def show_call(request: AnyRequest, services: NamedDependency[Services], call_id: FromPath[str]) -> Response[Any]:
    """The call; while it goes on, its page follows it."""
    told = await _told(services, await _known(services, call_id))
    call = told.call
    agent = await agents.find(services.database, call.agent_id)
    # For the styles of the drawn sound, which come with their script; of this page alone.
    nonce = ids.session_id()
    values: Values = {
        **_turns(told, 0),
        **await _after(services, told),
        "call": call,
        "live": told.live,
        "last_n": told.last_n,
        "end": plain_end(told.end_reason) if told.end_reason else "",
        "failed": told.end_reason == "server_error",
        "length_s": duration_ms(call, now=now()) / 1000,
        "agent": agent,
        "agent_name": _agent_name(call),
        "used": _used(call),
        "variables": sorted((name, _plain_json(value)) for name, value in call.variables.items()),
        "sound": _sound(told),
        "nonce": nonce,
    }
    # A long call makes a long page, and the calls that are live do not wait for it.
    answer = await asyncio.to_thread(render, request, "call.html", **values)
    answer.headers["content-security-policy"] = CONSOLE_POLICY.replace(
        "style-src 'self'", f"style-src 'self' 'nonce-{nonce}'"
    )
    return answer


@get("/calls/{call_id:str}/turns")
async def show_turns(
    request: AnyRequest, services: NamedDependency[Services], call_id: FromPath[str], start: FromQuery[int] = 0
) -> Response[Any]:
    """The next part of a long call, for its page."""
    told = await _told(services, await _known(services, call_id))
    values = {**_turns(told, max(0, start)), "call": told.call, "agent_name": _agent_name(told.call)}
    return await asyncio.to_thread(render, request, "call_turns.html", **values)


@get("/calls/{call_id:str}/after")
async def show_after(request: AnyRequest, services: NamedDependency[Services], call_id: FromPath[str]) -> Response[Any]:
    """What came of the call, for a page that waits for it."""
    call = await _known(services, call_id)
    ended = _Told(call, (), 0, call.end_reason or "ended")
    return render(request, "call_after.html", call=call, **await _after(services, ended))


@get("/calls/{call_id:str}/sound")
async def show_sound(request: AnyRequest, services: NamedDependency[Services], call_id: FromPath[str]) -> Response[Any]:
    """The player, for a page that waits for the recording."""
    call = await _known(services, call_id)
    ended = _Told(call, (), 0, call.end_reason or "ended")
    return render(request, "call_sound.html", call=call, sound=_sound(ended))


@get("/calls/{call_id:str}/peaks")
async def show_peaks(services: NamedDependency[Services], call_id: FromPath[str]) -> Response[Any]:
    """The outline of the recording."""
    outline = await peaks_of(await _known(services, call_id), services.recordings)
    if outline is None:
        raise Refused(404, "This call has no recording")
    return Response(outline, headers=dict(PAGE_HEADERS), media_type="application/json")


@get("/calls/{call_id:str}/transcript.txt")
async def download_text(services: NamedDependency[Services], call_id: FromPath[str]) -> Response[Any]:
    """The transcript for reading."""
    told = await _told(services, await _known(services, call_id))
    text = await asyncio.to_thread(as_text, told.call, told.entries, agent=_agent_name(told.call))
    return _file(text, f"{call_id}.txt", "text/plain; charset=utf-8")


@get("/calls/{call_id:str}/transcript.json")
async def download_json(services: NamedDependency[Services], call_id: FromPath[str]) -> Response[Any]:
    """The transcript for programs."""
    told = await _told(services, await _known(services, call_id))
    text = await asyncio.to_thread(as_json, told.call, told.entries, agent=_agent_name(told.call))
    return _file(text, f"{call_id}.json", "application/json")


@get("/calls/{call_id:str}/end")
async def confirm_end(
    request: AnyRequest, services: NamedDependency[Services], call_id: FromPath[str]
) -> Response[Any]:
    """Asks before a call is ended."""
    call = await _known(services, call_id)
    return confirmation(
        request,
        title="End this call?",
        text="The visitor is cut off in the middle of what he says or hears.",
        action=f"{_CALLS}/{call.id}/end",
        verb="End the call",
        back=f"{_CALLS}/{call.id}",
    )


@post("/calls/{call_id:str}/end", status_code=200)
async def end_call(request: AnyRequest, services: NamedDependency[Services], call_id: FromPath[str]) -> Response[Any]:
    """Ends a call as if the agent had hung up."""
    call = await _known(services, call_id)
    page = f"{_CALLS}/{call.id}"
    try:
        end_live(services, call)
    except Refused as refused:
        return go(request, page, problem=f"{refused.message}.")
    return go(request, page, done="The call is being ended.")


async def _known(services: Services, call_id: str) -> Call:
    call = await calls.find(services.database, call_id)
    if call is None:
        raise Refused(404, "There is no call of this id: it may have been removed, or a part of the id is missing.")
    return call


async def _told(services: Services, call: Call) -> _Told:
    facts = await all_facts(services, call.id)
    entries = await asyncio.to_thread(_story, facts)
    # Asked again, as it may have ended while its facts were read.
    call = await _known(services, call.id) if call.ended_at is None else call
    end = next((fact.reason for _, fact in reversed(facts) if isinstance(fact, CallEnded)), "")
    return _Told(call, entries, facts[-1][0] if facts else 0, call.end_reason or end)


def _story(facts: Sequence[tuple[int, Fact]]) -> list[Entry]:
    return story(fact for _, fact in facts)


def _turns(told: _Told, start: int) -> Values:
    """Parts of the call from a number on, and how to draw them."""
    timings = [entry.timing for entry in told.entries if isinstance(entry, Turn) and entry.timing]
    longest_ms = max((round(1000 * timing.total_s) for timing in timings), default=0)
    shown = told.entries[start : start + _AT_ONCE]
    return {
        "entries": list(enumerate(shown, start)),
        "more": start + len(shown) if start + len(shown) < len(told.entries) else 0,
        "full_ms": min(longest_ms, _LONGEST_SCALE_MS),
        "clock": clock,
        "stages": stages,
        "starts": _starts,
        "readable": _readable,
        "live": told.live,
    }


async def _after(services: Services, told: _Told) -> Values:
    call = told.call
    return {
        "live": told.live,
        # The figures first, then word of them, then the analysis: until all is there, the page asks again.
        "pending": not told.live and (call.figures is None or call.analytics is None),
        "figures": figures_of(call),
        "analysis": analysis_of(call),
        "deliveries": await list_of_call(services.database, call.id, most=_MOST_DELIVERIES),
    }


def _sound(told: _Told) -> str:
    """``ready``, ``coming``, ``chat``, ``none``, ``lost``, or ``live``."""
    match told.call:
        case Call(mode="chat"):
            return "chat"
        case _ if told.live:
            return "live"
        case Call(recording="ready"):
            return "ready"
        case Call(recording="recording"):
            return "coming"
        case Call(recording="failed"):
            return "lost"
        case _:
            return "none"


def _agent_name(call: Call) -> str:
    return str(call.agent.get("name") or "Agent")


def _used(call: Call) -> dict[str, str]:
    """The agent as the call used it."""
    document = shown_document(call.agent)
    single = document.get("singlePromptConfig")
    prompt = (single.get("prompt") if isinstance(single, Mapping) else "") or document.get("globalPrompt") or ""
    language = document.get("language")
    return {
        "prompt": str(prompt),
        "first_message": str(document.get("firstMessage") or ""),
        "model": call.model,
        "voice": str(call.voice.get("voiceId") or call.voice.get("model") or ""),
        "language": str(language.get("default", "")) if isinstance(language, Mapping) else "",
        "document": json.dumps(document, ensure_ascii=False, indent=2),
    }


def _starts(turn: Turn) -> str:
    """When each word begins, in hundredths of a second."""
    return " ".join(str(round(100 * word.start_s)) for word in turn.words)


def _readable(text: str) -> str:
    """JSON on lines of its own; other text as it is."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text


def _plain_json(value: object) -> str:
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) or "–"


def _file(content: str | bytes, name: str, media_type: str) -> Response[Any]:
    headers = {**PAGE_HEADERS, "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=media_type)


HANDLERS = (
    show_call,
    show_turns,
    show_after,
    show_sound,
    show_peaks,
    download_text,
    download_json,
    confirm_end,
    end_call,
)
