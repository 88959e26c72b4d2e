"""From a checkpoint to the file that the tracker loads."""

import argparse
from pathlib import Path

import torch

from training.network import CHANNELS, SIZE, Network


def export(checkpoint: Path, out: Path) -> None:
    """Write the averaged weights of a checkpoint as ONNX, for any number of crops at a time."""
    network = Network()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu")["average"])
    network.eval()
    out.parent.mkdir(parents=True, exist_ok=True)
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


def main() -> None:
    """Export a checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    export(given.checkpoint, given.out)


if __name__ == "__main__":
    main()
