"""Smaller and faster forms of an exported network, the fastest first. Imports onnx."""

import math
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

PRODUCTS = {"MatMul", "Gemm"}
PAYS = 0.5  # share of a network's weights that has to stand in matrix products for int8 to be faster


def candidates(file: Path) -> Iterator[tuple[str, Path]]:
    """(precision, file) to be tried in this order; the last one is the network itself."""
    if share_of_products(file) >= PAYS:
        for number, quantise in enumerate((_by_tensor, _by_row)):
            smaller = file.with_name(f"int8-{number}-{file.name}")
            quantise(file, smaller)
            yield "int8", smaller
    yield "fp32", file


def _by_tensor(file: Path, target: Path) -> None:
    """One scale for all activations of a product: fastest, where no activation is much larger than the others."""
    quantize_dynamic(
        file,
        target,
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=sorted(PRODUCTS),
        extra_options={"MatMulConstBOnly": True},
    )


def _by_row(file: Path, target: Path) -> None:
    """A scale for every 128 activations: slower, and large activations do no harm to the others."""
    quantiser = MatMulNBitsQuantizer(onnx.load(file), bits=8, block_size=128, is_symmetric=True, accuracy_level=4)
    quantiser.process()
    quantiser.model.save_model_to_file(str(target))


def share_of_products(file: Path) -> float:
    """The share of the weights that are multiplied as matrices; tables that are only looked up do not count."""
    graph = onnx.load(file).graph
    sizes = {weight.name: math.prod(weight.dims) for weight in graph.initializer}

    def used(kinds: set[str]) -> set[str]:
        return {name for node in graph.node if node.op_type in kinds for name in node.input if name in sizes}

    computed = set(sizes) - used({"Gather"})
    products = used(PRODUCTS) & computed
    return sum(sizes[name] for name in products) / max(1, sum(sizes[name] for name in computed))
