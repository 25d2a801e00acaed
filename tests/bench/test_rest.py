"""The benchmark of the lists: what it asks is what the server answers."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.figures import Spread, spread
from bench.rest import Asked, RestResult, questions, run_rest
from bench.rest_store import Filled, fill

FILLED = Filled(
    "sk_x", ["a" * 24], ["CALL-1"], 1000, datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC)
)


def test_a_verdict_goes_by_the_slowest_hundredth() -> None:
    """A list that is slow now and then is slow."""
    result = RestResult(
        100_000, 5_000_000, [Asked("quick", "/a", spread([1.0]), 1_000), Asked("slow", "/b", spread([60.0]), 2_000)]
    )
    lines = result.markdown().splitlines()

    assert "| quick | 1 kB | 1.0 ms | 1.0 ms | 1.0 ms | yes |" in lines
    assert "| slow | 2 kB | 60.0 ms | 60.0 ms | 60.0 ms | **no** |" in lines


def test_nothing_measured_is_told_as_nothing() -> None:
    """Not as zero."""
    empty = RestResult(1, 1, [Asked("none", "/a", Spread(0, None, None, None, None), 0)])

    assert "| none | 0 kB | – | – | – |" in empty.markdown()


def test_pages_of_a_hundred_are_asked_for() -> None:
    """Of all lists but the search for one call."""
    lists = [path for path in questions(FILLED).values() if "/conversation?" in path]

    assert len(lists) > 8
    assert all("limit=100" in path for path in lists)
    assert "page=10" in questions(FILLED)["last page"]


def test_a_store_is_filled_as_a_server_fills_it(tmp_path: Path) -> None:
    """With as many calls as were asked for, each with its figures."""
    filled = fill(tmp_path / "data", number=50)
    with sqlite3.connect(tmp_path / "data" / "vivavoce.sqlite3") as database:
        (count,) = database.execute("SELECT count(*) FROM calls WHERE figures IS NOT NULL").fetchone()

    database.close()
    assert (50, 20) == (count, len(filled.agent_ids))


@pytest.mark.slow
def test_every_question_is_answered() -> None:
    """By a real server; one that refuses any of them ends the run."""
    result = run_rest(calls=300, requests=2)

    assert len(questions(FILLED)) == len(result.asked)
    assert all(asked.took_ms.count == 2 and asked.answer_bytes > 100 for asked in result.asked)
