"""
Moonshine tiny (English, 26 million parameters) by plain onnxruntime.

An encoder turns sound into some 40 columns a second, a decoder writes one token at a time.
Measured on one core: 17 ms a second of sound, and 4 ms a token.
"""

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vivavoce.audio.pcm import Samples
from vivavoce.engines.moonshine_tokens import read_tokens, text_of
from vivavoce.engines.utterance import quietest
from vivavoce.errors import EngineError

__all__ = ["FILES", "Network", "loop_length"]

# What a model folder has to hold.
FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")

_RATE_HZ = 16_000
_START = 1
_END = 2
# Fast speech has fewer. Source: the model's own reference code, "max 6.5 tokens per second".
_TOKENS_PER_S = 6.5
# A decoder that has lost its way repeats a few tokens for ever; nobody says the same so often in a row.
_LOOP_TIMES = 6
_LONGEST_LOOP = 8
# Sound in which it loses its way is tried again in two parts, down to this length.
_SHORTEST_PART = 4 * _RATE_HZ


class Network:
    """
    The two networks and the vocabulary; safe to use from several threads at once.

    Args:
        folder: Holds the three ``FILES``.

    Raises:
        EngineError: onnxruntime is missing, or a file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise EngineError("stt", "moonshine", "onnxruntime is missing: pip install onnxruntime==1.31.1") from error
        options = onnxruntime.SessionOptions()
        # The gate hands out the cores: one thread for each piece of work.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # A run that is told to stop would be logged as an error.
        options.log_severity_level = 4
        encoder, decoder, tokens = (folder / name for name in FILES)
        # Any: onnxruntime has no types.
        self._runtime: Any = onnxruntime
        try:
            self._encoder: Any = onnxruntime.InferenceSession(str(encoder), options, providers=["CPUExecutionProvider"])
            self._decoder: Any = onnxruntime.InferenceSession(str(decoder), options, providers=["CPUExecutionProvider"])
            self._tokens = read_tokens(tokens.read_bytes())
        # onnxruntime raises a class of its own for each kind of damage, without a common root.
        except Exception as error:
            raise EngineError("stt", "moonshine", f"the model in {folder} cannot be loaded: {error}") from error
        # Keys and values of attention, each empty before the first token; the names tell their shapes apart.
        self._past = {
            node.name: np.zeros((0, *node.shape[1:2], 1, node.shape[3]), np.float32)
            for node in self._decoder.get_inputs()
            if node.name.startswith("past_key_values")
        }

    def stop_switch(self) -> Any:
        """What ``write_down`` runs under: setting its ``terminate`` stops even a network that is at work."""
        switch = self._runtime.RunOptions()
        switch.log_severity_level = 4
        return switch

    def write_down(self, cancelled: threading.Event, samples: Samples, switch: Any) -> str:
        """
        The words in the sound, or an empty text once ``cancelled`` is set.

        Args:
            cancelled: Looked at between tokens.
            samples: At 16 kHz, at most some 30 s.
            switch: From ``stop_switch``.

        Raises:
            EngineError: onnxruntime failed.
        """
        try:
            ids = self._decode(cancelled, samples, switch)
        except Exception as error:
            if cancelled.is_set():
                return ""
            raise EngineError("stt", "moonshine", f"onnxruntime failed with {type(error).__name__}") from error
        loop = loop_length(ids)
        if loop and len(samples) >= 2 * _SHORTEST_PART:
            at = quietest(samples, _SHORTEST_PART, len(samples) - _SHORTEST_PART + _RATE_HZ)
            halves = (self.write_down(cancelled, part, switch) for part in (samples[:at], samples[at:]))
            return " ".join(text for text in halves if text)
        # What is said once in a loop may have been said; the rest is invented.
        return text_of(ids[: len(ids) - (_LOOP_TIMES - 1) * loop], self._tokens)

    def _decode(self, cancelled: threading.Event, samples: Samples, switch: Any) -> list[int]:
        """The numbers of the tokens, without start and end."""
        sound = samples.astype(np.float32)[None, :] / np.float32(32768)
        mask = np.ones(sound.shape, np.int64)
        (encoded,) = self._encoder.run(None, {"input_values": sound, "attention_mask": mask}, switch)
        feed = {"encoder_hidden_states": encoded, "encoder_attention_mask": mask, **self._past}
        ids: list[int] = []
        last = _START
        for step in range(math.ceil(len(samples) / _RATE_HZ * _TOKENS_PER_S)):
            if cancelled.is_set():
                return []
            feed["input_ids"] = np.array([[last]])
            feed["use_cache_branch"] = np.array([step > 0])
            logits, *present = self._decoder.run(None, feed, switch)
            last = int(logits[0, -1].argmax())
            if last == _END:
                break
            ids.append(last)
            if loop_length(ids):
                break
            for name, value in zip(self._past, present, strict=True):
                # What the decoder knows of the encoder's columns is worked out with the first token and stays.
                if step == 0 or ".decoder." in name:
                    feed[name] = value
        return ids


def loop_length(ids: Sequence[int]) -> int:
    """How many tokens are repeated over and over at the end; 0 where none are."""
    for length in range(1, min(_LONGEST_LOOP, len(ids) // _LOOP_TIMES) + 1):
        again = ids[-_LOOP_TIMES * length :]
        if again[length:] == again[:-length]:
            return length
    return 0
