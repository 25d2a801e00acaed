"""A call as one line of a list for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from vivavoce.store.call_lists import AgentBrief
from vivavoce.store.calls import Call
from vivavoce.views.analytics import disposition_metrics
from vivavoce.views.call_parts import duration_ms, latency_of
from vivavoce.views.end_reasons import plain_end

__all__ = ["CallLine", "Excerpt", "call_line", "excerpt", "plain_value"]

# Around words that were found, on either side.
_AROUND_CHARS = 70
# Findings of a call that a line has room for.
_MOST_FINDINGS = 3


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Words that were found, with what stands before and behind them."""

    before: str
    words: str
    behind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLine:
    """
    One line.

    Args:
        length_s: How long it lasted, or has lasted so far.
        turns: How often the visitor said something; None while the figures are not there.
        median_ms: How long half of the answers took at most; None where nothing was answered.
        end: In plain words; empty for a call that goes on.
        summary: Of the analysis; empty where there is none.
        findings: Questions of the agent's owner, with the answers.
        said: Where words were looked for, the place where they were found.
    """

    id: str
    agent_id: str
    agent_name: str
    mode: str
    status: str
    started_at: datetime
    length_s: float
    turns: int | None
    median_ms: int | None
    end: str
    summary: str
    findings: tuple[tuple[str, str], ...]
    said: Excerpt | None = None


def call_line(call: Call, agent: AgentBrief | None, *, now: datetime, said: Excerpt | None = None) -> CallLine:
    """The line of a call, which may lack its documents."""
    latency = latency_of(call)
    metrics = (call.figures or {}).get("metrics")
    turns = metrics.get("userTurns") if isinstance(metrics, Mapping) else None
    findings = [(name.replace("_", " "), plain_value(value)) for name, value in disposition_metrics(call).items()]
    return CallLine(
        id=call.id,
        agent_id=call.agent_id,
        agent_name="" if agent is None else agent.name,
        mode=call.mode,
        status=call.status,
        started_at=call.started_at,
        length_s=duration_ms(call, now=now) / 1000,
        turns=turns if isinstance(turns, int) else None,
        median_ms=None if latency is None else latency.median_latency,
        end=plain_end(call.end_reason) if call.end_reason else "",
        summary=str((call.analytics or {}).get("summary", "")),
        findings=tuple(findings[:_MOST_FINDINGS]),
        said=said,
    )


def excerpt(text: str, words: str) -> Excerpt:
    """The place of ``text`` at which the words stand; its beginning where they do not stand as they are."""
    text = " ".join(text.split())
    at = text.lower().find(words.lower())
    if at < 0 or len(text.lower()) != len(text):
        # Letters that change their number with their case: the place cannot be told.
        return Excerpt(_cut(text, 2 * _AROUND_CHARS), "", "")
    start, end = max(0, at - _AROUND_CHARS), at + len(words)
    before = ("… " + text[start:at].lstrip()) if start else text[:at]
    return Excerpt(before, text[at:end], _cut(text[end:], _AROUND_CHARS))


def plain_value(value: object) -> str:
    """What a model found, for people."""
    match value:
        case True:
            return "yes"
        case False:
            return "no"
        case None:
            return "–"
        case _:
            return str(value)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most].rstrip() + " …"
