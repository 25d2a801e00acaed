"""The bench of frames."""

import pytest

from bench.frames import FormCost, FramesResult, run_frames
from vivavoce.audio import opus


@pytest.mark.slow
def test_every_form_of_the_wire_is_measured() -> None:
    """Opus where the machine has it; each form costs time and bytes, and binary frames cost fewer bytes than JSON."""
    forms = {cost.form: cost for cost in run_frames().forms}

    assert opus.available() == ("extension, Opus" in forms)
    for cost in forms.values():
        assert min(cost.agent_us, cost.mic_us, cost.agent_bytes_s, cost.mic_bytes_s) > 0
    assert forms["extension, binary"].agent_bytes_s < 0.8 * forms["plain wire"].agent_bytes_s
    assert 48_000 <= forms["extension, binary"].agent_bytes_s


def test_the_table_has_a_row_for_each_form() -> None:
    """Microseconds with two digits, kilobytes a second with one."""
    text = FramesResult([FormCost("plain wire", 0.851, 2.449, 64_400.0, 66_300.0)]).markdown()

    assert "| plain wire | 0.85 | 2.45 | 64.4 | 66.3 |" in text
