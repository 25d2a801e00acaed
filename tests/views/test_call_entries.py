"""What a call is told in."""

from vivavoce.talk.facts import TurnTimed
from vivavoce.views.call_entries import stages


def test_an_answer_has_its_stages_in_milliseconds() -> None:
    """As the waterfall draws them."""
    assert (("wait", 500), ("stt", 100), ("llm", 250), ("voice", 50)) == stages(
        TurnTimed(1.0, 1, 0.2, 0.5, 0.1, 0.25, 0.05)
    )
