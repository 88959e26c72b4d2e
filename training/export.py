"""From a checkpoint to the file that the tracker loads: the averaged weights, in numbers of 8 bits.

The network is first written in numbers of 32 bits, then most convolutions' weights (by channel) and what
goes in and out (by layer) are rounded to a scale: twice as fast, and as accurate to 0.1 mm.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.bodies import load
from training.network import CHANNELS, SIZE, Network
from training.samples import SIDE_MM, generate
from training.train import inputs

_CROPS, _SEED, _BATCH = 480, 12_345, 16
"""Crops that the scales are taken from."""
_DARK = 3
"""One crop in so many has no infrared."""
_WITHIN = 99.99
"""Percent of a layer's numbers that its scale covers; the few larger ones are cut off. With all covered the
steps are coarser, and joints come out 0.9 mm worse."""
_EXACT = ("/k2/", "/u2/", "/m2/")
"""Convolutions that stay exact beside the first and the last: the last ones of 16 × 16 cells, which say where
joints are. Rounded as well they make joints 1.7 mm worse, all others together 0.1 mm."""


def export(checkpoint: Path, out: Path) -> None:
    """Write the averaged weights of a checkpoint as ONNX of 32 bits, for any number of crops at a time."""
    network = Network()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu")["average"])
    network.eval()
    torch.onnx.export(
        network,
        (torch.zeros(2, CHANNELS, SIZE, SIZE),),
        str(out),
        opset_version=17,
        dynamo=False,
        input_names=["crops"],
        output_names=["joints", "presence"],
        dynamic_axes={name: {0: "crop"} for name in ("crops", "joints", "presence")},
    )


def calibrating_crops(bodies: Path) -> NDArray[np.float32]:
    """Give crops (N, 4, S, S) like those the network was trained on."""
    samples = generate(load(bodies), _CROPS, _SEED)
    crops = inputs(samples.depth, samples.infrared, samples.about[:, SIDE_MM]).numpy()
    crops[::_DARK, 3] = 0
    return crops


class _Batches(CalibrationDataReader):  # type: ignore[misc]
    """Crops (N, 4, S, S) in whole batches: onnxruntime cannot count numbers of some that differ in size."""

    def __init__(self, crops: NDArray[np.float32]) -> None:
        firsts = range(0, len(crops) - _BATCH + 1, _BATCH)
        self._batches: Iterator[NDArray[np.float32]] = (crops[first : first + _BATCH] for first in firsts)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Give the next batch by the name of the network's input, None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {"crops": np.ascontiguousarray(batch)}


def round_to_8_bits(exact: Path, crops: NDArray[np.float32], out: Path) -> None:
    """Write a network of 32 bits as one of mostly 8, see `_EXACT`.

    Weights have 7 bits: processors without instructions of their own for such sums add two products in 16
    bits, which then cannot overflow (onnxruntime's documentation, "Quantize ONNX models"): all give the same.
    """
    with tempfile.TemporaryDirectory() as folder:
        folded = Path(folder) / "folded.onnx"
        quant_pre_process(exact, folded, skip_symbolic_shape=True)
        convolutions = [node.name for node in onnx.load(folded).graph.node if node.op_type == "Conv"]
        exact_ones = [convolutions[0], convolutions[-1]]
        exact_ones += [name for name in convolutions if name.startswith(_EXACT)]
        quantize_static(
            folded,
            out,
            _Batches(crops),
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": _WITHIN},
            op_types_to_quantize=["Conv", "Relu"],
            nodes_to_exclude=exact_ones,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


def main() -> None:
    """Export a checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("bodies", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "exact.onnx"
        export(given.checkpoint, exact)
        round_to_8_bits(exact, calibrating_crops(given.bodies), given.out)


if __name__ == "__main__":
    main()
