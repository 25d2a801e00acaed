"""The Silero network in numpy, against onnxruntime on the same file."""

from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from tests.engines.clips import clip
from vivavoce.engines.silero_network import CONTEXT, WINDOW, Network
from vivavoce.engines.silero_weights import Weights, find_model, read_weights
from vivavoce.errors import EngineError

Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def weights() -> Weights:
    """The weights of the wheel."""
    return read_weights(find_model().read_bytes())


@pytest.fixture(scope="module")
def calls() -> Array:
    """Windows of four calls, (windows, 4, 512): speech, speech later and lower, noise, silence."""
    speech = clip("librivox-austen-0890.wav", "Unless to be rather cold hearted is to be ill disposed.").speech.samples
    count = len(speech) // WINDOW
    speech = speech[: count * WINDOW]
    noise = np.random.default_rng(7).normal(0, 900, len(speech))
    rows = np.stack([speech, np.roll(speech, 7001) // 9, noise, np.zeros(len(speech))])
    return rows.astype(np.int16).astype(np.float32).reshape(4, count, WINDOW).transpose(1, 0, 2)


def run_reference(calls: Array) -> Array:
    """What onnxruntime makes of the calls: probabilities, (windows, 4)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(str(find_model()), options)
    rows = calls.shape[1]
    state, context = np.zeros((2, rows, 128), np.float32), np.zeros((rows, CONTEXT), np.float32)
    answers = []
    for windows in calls:
        feed = {"input": np.hstack([context, windows]) / np.float32(32768), "state": state, "sr": np.array(16_000)}
        speech, state = session.run(None, feed)
        context = windows[:, -CONTEXT:]
        answers.append(speech[:, 0])
    return np.array(answers)


def run_network(network: Network, calls: Array) -> Array:
    """What our network makes of them."""
    rows = calls.shape[1]
    network.memory[:rows] = 0
    context = np.zeros((rows, CONTEXT), np.float32)
    answers = []
    for windows in calls:
        network.sound[:rows, :CONTEXT] = context
        network.sound[:rows, CONTEXT : CONTEXT + WINDOW] = windows
        network.run(rows)
        context = windows[:, -CONTEXT:]
        answers.append(network.speech[:rows].copy())
    return np.array(answers)


def test_it_answers_as_onnxruntime_does_over_a_whole_clip(weights: Weights, calls: Array) -> None:
    """Streaming over many windows in a batch, no probability is off by 1e-4."""
    expected = run_reference(calls)

    assert 0.9 < expected[:, 0].max()
    assert 1e-4 > np.abs(expected - run_network(Network(weights), calls)).max()


def test_a_row_does_not_depend_on_its_batch(weights: Weights, calls: Array) -> None:
    """Alone and in a batch a call gets the same answers, but for the rounding of the matrix products."""
    network = Network(weights)
    alone = [run_network(network, calls[:20, row : row + 1])[:, 0] for row in range(4)]

    assert 1e-5 > np.abs(np.stack(alone, axis=1) - run_network(network, calls[:20])).max()


def test_room_is_made_for_a_larger_batch(weights: Weights, calls: Array) -> None:
    """Rows beyond the first buffers are answered like all others; a batch that fits changes nothing."""
    small, large = Network(weights, rows=2), Network(weights, rows=8)
    for network in (small, large):
        network.make_room(5)
        network.sound[:5, CONTEXT : CONTEXT + WINDOW] = calls[30, :1]
        network.memory[:5] = 0.25
        network.run(5)

    assert 5 == small.capacity
    assert 8 == large.capacity
    assert np.allclose(large.speech[:5], small.speech[:5], atol=1e-6)
    assert np.allclose(large.memory[:5], small.memory[:5], atol=1e-6)


def test_a_spectrum_that_is_no_fourier_transform_is_refused(weights: Weights) -> None:
    """The fast transform stands for the stored waves only if they are what it computes."""
    other = Weights(
        spectrum=weights.spectrum[::-1].copy(),
        convolutions=weights.convolutions,
        gates_input=weights.gates_input,
        gates_hidden=weights.gates_hidden,
        gates_bias=weights.gates_bias,
        output=weights.output,
        output_bias=weights.output_bias,
    )

    with pytest.raises(EngineError, match="Fourier"):
        Network(other)
