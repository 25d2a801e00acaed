"""
What is found out about one call that is over: figures from its facts, and what a language model makes of it.

Long calls have thousands of facts: they are read a few at a time and worked on in a thread, so that the calls
that are live do not wait for those that are over.
"""

import asyncio
from collections.abc import Collection, Sequence

import msgspec

from vivavoce.analytics.answers import UnfitAnswer, findings, nothing_found
from vivavoce.analytics.figures import FIGURED, call_metrics
from vivavoce.analytics.questions import Question, question
from vivavoce.analytics.settings import AnalyticsSettings, config_of
from vivavoce.clock import now
from vivavoce.engines.engine import LanguageModel, StructuredAnswers
from vivavoce.errors import EngineError, Refused
from vivavoce.store import after_calls
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.store.facts import FactRow, row_to_fact
from vivavoce.talk.facts import CallEnded, Fact
from vivavoce.views.latency import latency_metrics
from vivavoce.views.times import iso
from vivavoce.views.transcript import SAID, entries

__all__ = ["Unanswered", "analyse", "figure"]


class Unanswered(Exception):
    """The language model has given no answer that fits; the text says why, and quotes nothing of the call."""


async def figure(database: Database, call: Call, *, as_it_is: bool) -> dict[str, object] | None:
    """
    The columns of a call that follow from its facts: ``figures`` and ``avg_latency_ms``.

    Args:
        database: The store.
        call: A call that is over.
        as_it_is: Count what is stored, even if the last facts are missing.

    Returns:
        None where the last facts are still on their way to the store.
    """
    rows = await _fact_rows(database, call.id, FIGURED)
    if not as_it_is and not any(row["kind"] == CallEnded.__name__ for row in rows):
        return None
    return await asyncio.to_thread(_figures, call, rows, processed_at=iso(now()))


async def analyse(database: Database, call: Call, model: LanguageModel, *, limit_s: float) -> dict[str, object]:
    """
    What a model makes of a call, as ``calls.analytics`` has it; or why none was asked.

    Args:
        database: The store.
        call: A call that is over.
        model: Asked if it is one of ``StructuredAnswers``.
        limit_s: How long it may take.

    Raises:
        Unanswered: It has failed; it may do better another time.
    """
    try:
        config = config_of(call.agent)
    except Refused as error:
        # An old agent may hold what would not be accepted today.
        return nothing_found("missing", f"The agent's settings are not valid: {error.message}")
    if not config.is_enabled:
        return nothing_found("missing", "It is switched off: postCallAnalyticsConfig.isEnabled of the agent is false.")
    if not isinstance(model, StructuredAnswers):
        reason = (
            f'The brain "{model.name}" is no language model that could analyse a call: '
            "set OPENAI_API_KEY, or OPENAI_BASE_URL and OPENAI_MODEL, and start the server again."
        )
        return nothing_found("missing", reason)
    asked = await asyncio.to_thread(_question, config, call, await _fact_rows(database, call.id, SAID))
    if asked is None:
        return nothing_found("missing", "Nothing was said in this call.")
    try:
        async with asyncio.timeout(limit_s):
            answer = await model.answer(asked.messages, asked.schema, limit_s=limit_s)
        return findings(config, answer)
    except TimeoutError as error:
        raise Unanswered(f"the language model took longer than {limit_s:g} s") from error
    except EngineError as error:
        raise Unanswered(error.reason) from error
    except UnfitAnswer as error:
        raise Unanswered(str(error)) from error


async def _fact_rows(database: Database, call_id: str, kinds: Collection[type[Fact]]) -> list[FactRow]:
    """All facts of these kinds; the event loop is free between any few of them."""
    names = [kind.__name__ for kind in kinds]
    rows: list[FactRow] = []
    while page := await after_calls.fact_rows(database, call_id, names, after=int(str(rows[-1]["n"])) if rows else 0):
        rows.extend(page)
    return rows


def _figures(call: Call, rows: Sequence[FactRow], *, processed_at: str) -> dict[str, object]:
    facts = [row_to_fact(row) for row in rows]
    latency = latency_metrics(facts, processed_at=processed_at)
    metrics = call_metrics(facts, duration_s=(call.duration_ms or 0) / 1000, reason=call.end_reason)
    return {
        "figures": {"turnLatencyMetrics": latency, "metrics": msgspec.to_builtins(metrics)},
        "avg_latency_ms": None if latency is None else latency["avgLatency"],
    }


def _question(config: AnalyticsSettings, call: Call, rows: Sequence[FactRow]) -> Question | None:
    """What to ask about a call; None where nobody said anything."""
    turns = [(entry.role, entry.text) for entry in entries(row_to_fact(row) for row in rows)]
    if not turns:
        return None
    return question(config, turns=turns, began=call.started_at, timezone=str(call.variables.get("timezone", "")))
