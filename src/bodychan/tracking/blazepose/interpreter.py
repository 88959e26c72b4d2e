"""One network in memory: ai-edge-litert behind two lines."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bodychan.model.arrays import F32

_STDERR = 2


class Interpreter:
    """Runs one .tflite file; the same input gives the same bytes, whatever the number of threads."""

    def __init__(self, model: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter as LiteRt

        self._network = LiteRt(str(model), num_threads=threads)
        with _without_greeting():
            self._network.allocate_tensors()
        self._input = self._network.get_input_details()[0]["index"]
        self._outputs = [detail["index"] for detail in self._network.get_output_details()]

    def run(self, image: F32, outputs: Sequence[int]) -> list[F32]:
        """Give those of the network's results that are asked for by number, for one image (H, W, 3)."""
        self._network.set_tensor(self._input, image[None])
        self._network.invoke()
        return [np.asarray(self._network.get_tensor(self._outputs[number])) for number in outputs]


@contextmanager
def _without_greeting() -> Iterator[None]:
    """Keep the runtime's line about its XNNPACK delegate off stderr; no setting of it does that."""
    try:
        kept = os.dup(_STDERR)
    except OSError:  # a program without a stderr
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
        os.close(nowhere)
