"""Moonshine's networks on onnxruntime."""

import threading

import numpy as np
import pytest

from tests.engines.clips import clip
from vivavoce.audio.pcm import Samples
from vivavoce.engines.moonshine import open_engine
from vivavoce.engines.moonshine_network import Network, loop_length
from vivavoce.errors import EngineError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network() -> Network:
    """The networks of the wheel."""
    return open_engine({}).network


def test_speech_becomes_text(network: Network) -> None:
    """Spelling and punctuation included."""
    text = network.write_down(threading.Event(), clip().speech.samples, network.stop_switch())

    assert text.startswith("Go forward")


def test_several_threads_may_use_it_at_once(network: Network) -> None:
    """Nothing of an utterance is kept in the network."""
    samples = clip().speech.samples
    alone = network.write_down(threading.Event(), samples, network.stop_switch())
    texts: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: texts.append(network.write_down(threading.Event(), samples, network.stop_switch()))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [alone] * 3 == texts


def test_a_flag_that_is_set_ends_it_without_text(network: Network) -> None:
    """No more than the encoder runs."""
    cancelled = threading.Event()
    cancelled.set()

    assert "" == network.write_down(cancelled, clip().speech.samples, network.stop_switch())


def test_a_thrown_switch_with_the_flag_is_no_error(network: Network) -> None:
    """Stopping on purpose is not a failure of onnxruntime."""
    cancelled, switch = threading.Event(), network.stop_switch()
    cancelled.set()
    switch.terminate = True

    assert "" == network.write_down(cancelled, clip().speech.samples, switch)


def test_a_failure_of_onnxruntime_is_an_engine_error(network: Network) -> None:
    """Without the flag a stopped run is a failure like any other."""
    switch = network.stop_switch()
    switch.terminate = True

    with pytest.raises(EngineError, match="onnxruntime failed"):
        network.write_down(threading.Event(), clip().speech.samples, switch)


def test_noise_does_not_make_the_decoder_write_for_ever(network: Network) -> None:
    """There are at most 6.5 tokens a second."""
    noise = np.random.default_rng(4).normal(0, 8000, 32_000).astype(np.int16)
    text = network.write_down(threading.Event(), noise, network.stop_switch())

    assert len(text.split()) <= 13


@pytest.mark.parametrize(
    ("ids", "length"),
    [
        pytest.param([7, 3, 3, 3, 3, 3, 3], 1, id="six times one token"),
        pytest.param([7, 3, 3, 3, 3, 3], 0, id="five times: somebody may say no, no, no, no, no"),
        pytest.param([9, *([4, 5, 6] * 6)], 3, id="six times three tokens"),
        pytest.param([4, 5, 6] * 5 + [4, 5, 7], 0, id="the last time is another"),
        pytest.param(list(range(9)) * 6, 0, id="a sentence may be said again"),
        pytest.param([], 0, id="nothing"),
    ],
)
def test_a_loop_is_the_same_few_tokens_six_times_in_a_row(ids: list[int], length: int) -> None:
    """Only at the end: there the decoder would go on."""
    assert length == loop_length(ids)


def test_sound_in_which_the_decoder_loses_its_way_is_tried_again_in_parts(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be parted further keeps what came before the loop, and the loop once."""
    lengths_s: list[float] = []

    def lost_in_long_sound(cancelled: threading.Event, samples: Samples, switch: object) -> list[int]:
        lengths_s.append(len(samples) / 16_000)
        return [300, *([301, 302] * 6)] if lengths_s[-1] > 6 else [300]

    monkeypatch.setattr(network, "_decode", lost_in_long_sound)
    sound = np.random.default_rng(4).normal(0, 3000, 16_000 * 16).astype(np.int16)
    sound[112_000:118_000] = 0
    once = network.write_down(threading.Event(), sound[: 16_000 * 5], network.stop_switch())
    short = network.write_down(threading.Event(), sound[: 16_000 * 7], network.stop_switch())
    lengths_s.clear()
    parted = network.write_down(threading.Event(), sound, network.stop_switch())

    assert len(once) < len(short)
    assert sum(lengths_s[1:3]) == lengths_s[0] == 16
    assert 7.0 <= lengths_s[1] <= 7.4
    assert parted.startswith(short)
    assert len(parted) < 60
