"""Moonshine's networks on onnxruntime."""

import threading

import numpy as np
import pytest

from tests.engines.clips import clip
from vivavoce.engines.moonshine import open_engine
from vivavoce.engines.moonshine_network import Network
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


def test_a_decoder_that_loses_its_way_is_stopped(network: Network) -> None:
    """Noise gives at most 6.5 tokens a second; loops end there."""
    noise = np.random.default_rng(4).normal(0, 8000, 32_000).astype(np.int16)
    text = network.write_down(threading.Event(), noise, network.stop_switch())

    assert len(text.split()) <= 13
