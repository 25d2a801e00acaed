"""What is found out about one call: figures always, the rest where there is a model and something was said."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.server.after_call_scene import BOOKED, TALK, Model, ended, found
from vivavoce.engines.engine import LanguageModel
from vivavoce.engines.knowledge import Knowledge
from vivavoce.engines.scripted import ScriptedLanguageModel
from vivavoce.errors import EngineError
from vivavoce.server.call_analysis import Unanswered, analyse, figure
from vivavoce.store.database import Database, open_database
from vivavoce.talk.facts import CallEnded, CallStarted, Captioned, Fact

GOOD = {"summary": "Short.", "dispositionMetrics": {"booked": {"reasoning": "", "value": True, "confidence": 1}}}
SILENT: tuple[Fact, ...] = (CallStarted(0.0, "webcall"), CallEnded(8.0, "client_requested"))


def play(folder: Path, scenario: Callable[[Database], Awaitable[None]]) -> None:
    async def opened() -> None:
        database = await open_database(f"sqlite:///{folder / 'vivavoce.sqlite3'}")
        try:
            await scenario(database)
        finally:
            await database.close()

    asyncio.run(opened())


def analysed(folder: Path, model: LanguageModel, told: tuple[Fact, ...] = TALK, analytics: object = BOOKED) -> object:
    """What is stored of a call's analysis."""
    results: list[object] = []

    async def scenario(database: Database) -> None:
        await ended(database, told, analytics=analytics)
        results.append(await analyse(database, await found(database), model, limit_s=5.0))

    play(folder, scenario)
    return results[0]


def nothing(state: str, reason: str) -> dict[str, object]:
    return {"state": state, "reason": reason, "summary": "", "dispositionMetrics": [], "successMetrics": []}


def test_figures_need_no_model(tmp_path: Path) -> None:
    """What REST shows of latency, our metrics, and the column that calls are sorted by."""

    async def scenario(database: Database) -> None:
        await ended(database)
        columns = await figure(database, await found(database), as_it_is=False)

        assert columns is not None
        figures = columns["figures"]
        assert isinstance(figures, dict)
        latency = figures["turnLatencyMetrics"]
        assert (1, 1000, [1000]) == (latency["turns"], latency["avgLatency"], latency["latencies"])
        assert 1000 == columns["avg_latency_ms"]
        assert {
            "durationMs": 8000,
            "userTurns": 1,
            "agentTurns": 1,
            "userTalkMs": 2000,
            "agentTalkMs": 2000,
            "talkRatio": 0.5,
            "interruptions": 0,
            "silenceMs": 4000,
            "longestSilenceMs": 2000,
            "latencyP50Ms": 1000,
            "latencyP95Ms": 1000,
            "toolCalls": 0,
            "endedBy": "user",
        } == figures["metrics"]

    play(tmp_path, scenario)


def test_a_call_without_an_answer_has_no_latency(tmp_path: Path) -> None:
    """None, and not nought: it would be the quickest of all."""

    async def scenario(database: Database) -> None:
        await ended(database, SILENT)
        columns = await figure(database, await found(database), as_it_is=False)

        assert columns is not None
        assert None is columns["avg_latency_ms"]
        assert None is columns["figures"]["turnLatencyMetrics"]  # type: ignore[index]

    play(tmp_path, scenario)


def test_figures_wait_for_the_last_fact(tmp_path: Path) -> None:
    """Or are made without it, where it does not come."""

    async def scenario(database: Database) -> None:
        await ended(database, TALK[:-1])
        call = await found(database)

        assert None is await figure(database, call, as_it_is=False)
        assert None is not await figure(database, call, as_it_is=True)

    play(tmp_path, scenario)


def test_a_call_of_many_facts_is_counted_whole(tmp_path: Path) -> None:
    """They are read a few at a time."""
    middle = [fact for number in range(1, 60) for fact in TALK[1:-1]]
    captions = [Captioned(float(number), 1, ()) for number in range(200)]

    async def scenario(database: Database) -> None:
        await ended(database, [TALK[0], *middle, *captions, TALK[-1]])
        columns = await figure(database, await found(database), as_it_is=False)

        assert columns is not None
        assert 59 == columns["figures"]["metrics"]["userTurns"]  # type: ignore[index]

    play(tmp_path, scenario)


def test_the_model_is_asked_about_what_was_said(tmp_path: Path) -> None:
    """The words of both, the questions of the agent, the time of the call."""
    model = Model(GOOD)
    stored = analysed(tmp_path, model)
    ((text, schema),) = model.asked

    assert "visitor: A table for four, please.\nagent: It is booked." in text
    assert '- "booked": Booked? The value: true or false.' in text
    assert ["summary", "dispositionMetrics"] == schema["required"]
    assert isinstance(stored, dict)
    assert ("done", "Short.", True) == (stored["state"], stored["summary"], stored["dispositionMetrics"][0]["value"])


def test_without_metrics_there_is_a_summary(tmp_path: Path) -> None:
    """Nothing has to be configured for it."""
    stored = analysed(tmp_path, Model({"summary": "Short."}), analytics=None)

    assert {**nothing("done", ""), "summary": "Short."} == stored


@pytest.mark.parametrize(("model", "name"), [(Knowledge(), "knowledge"), (ScriptedLanguageModel(), "scripted")])
def test_without_a_language_model_the_reason_says_what_to_set(model: LanguageModel, name: str, tmp_path: Path) -> None:
    """The figures are there all the same."""
    assert nothing(
        "missing",
        f'The brain "{name}" is no language model that could analyse a call: '
        "set OPENAI_API_KEY, or OPENAI_BASE_URL and OPENAI_MODEL, and start the server again.",
    ) == analysed(tmp_path, model)


@pytest.mark.parametrize(
    ("told", "analytics", "reason"),
    [
        (SILENT, BOOKED, "Nothing was said in this call."),
        (
            TALK,
            {"isEnabled": False},
            "It is switched off: postCallAnalyticsConfig.isEnabled of the agent is false.",
        ),
        (
            TALK,
            {"dispositionMetrics": "all"},
            "The agent's settings are not valid: "
            "postCallAnalyticsConfig.dispositionMetrics: Expected array or null, received string",
        ),
    ],
)
def test_a_model_is_not_asked_for_nothing(
    told: tuple[Fact, ...], analytics: object, reason: str, tmp_path: Path
) -> None:
    """Every question costs somebody something."""
    model = Model(GOOD)

    assert nothing("missing", reason) == analysed(tmp_path, model, told, analytics)
    assert [] == model.asked


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (EngineError("llm", "openai", "the server is down"), "the server is down"),
        ({"summary": "The secret of the call."}, "the model's answer lacks booked and all metrics beside it"),
        (asyncio.Event().wait, "the language model took longer than 0.01 s"),
    ],
)
def test_a_model_that_does_not_do_it_is_no_result(answer: object, reason: str, tmp_path: Path) -> None:
    """Whoever asked decides whether to ask again; the reason quotes nothing of the call."""

    async def scenario(database: Database) -> None:
        await ended(database, analytics=BOOKED)
        with pytest.raises(Unanswered) as failed:
            await analyse(database, await found(database), Model(answer), limit_s=0.01)

        assert reason == str(failed.value)

    play(tmp_path, scenario)
