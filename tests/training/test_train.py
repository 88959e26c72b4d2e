import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from training.bodies import Bank
from training.export import export, round_to_8_bits
from training.network import JOINTS, Network, grown, loss
from training.samples import PRESENT, SIDE_MM, Samples, generate
from training.stream import Reader
from training.train import BATCH, Training, draw, inputs, rate_at, run

from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.observe.crop import CHANNELS, Square
from bodychan.tracking.builtin.observe.network import WEIGHTS, JointNetwork


@pytest.fixture(scope="module")
def chunk(bank: Bank) -> Samples:
    return generate(bank, 100, 5)


class _Chunks(Reader):
    """Always the same chunk."""

    def __init__(self, chunk: Samples) -> None:
        self._chunk = chunk

    def at(self, newest: int) -> list[Samples]:
        return [self._chunk]


def _given(out: Path, steps: int) -> argparse.Namespace:
    out.mkdir(exist_ok=True)
    return argparse.Namespace(out=out, steps=steps, seed=1, rate=1e-3, device="cpu")


def test_a_training_in_pieces_is_that_in_one(chunk: Samples, tmp_path: Path) -> None:
    whole = Training.begin(None, 1)
    run(whole, _Chunks(chunk), _given(tmp_path / "whole", 4))
    first = Training.begin(None, 1)
    run(first, _Chunks(chunk), _given(tmp_path / "pieces", 2))
    second = Training.begin(None, 7)
    second.resume(tmp_path / "pieces" / "checkpoint.pt")
    assert second.step == 2
    run(second, _Chunks(chunk), _given(tmp_path / "pieces", 4))
    for one, other in zip(
        whole.average.state_dict().values(), second.average.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)


def test_it_learns(chunk: Samples) -> None:
    training = Training.begin(None, 1)
    batch = draw([chunk], 1, 1)
    losses = [training.learn(batch, 2e-3, "cpu") for _ in range(12)]
    assert losses[-1] < losses[0] - 1.0


def test_mirrored_samples_exchange_left_and_right(chunk: Samples) -> None:
    batch, known = draw([chunk], 3, 1), torch.as_tensor(chunk.joints)
    mirrored = 0
    for x, joints in zip(batch.x, batch.joints, strict=True):
        turned = joints.clone()[[int(j.mirrored) for j in Joint]]
        turned[:, 0] = 1 - turned[:, 0]
        as_it_is = (known - joints).abs().amax((1, 2)).min() < 1e-6
        turned_round = (known - turned).abs().amax((1, 2)).argmin()
        if not as_it_is:
            mirrored += 1
            assert (known[turned_round] - turned).abs().max() < 1e-5
            depth = inputs(chunk.depth[turned_round : turned_round + 1], None, chunk.about[:1, 0])[0, :2]
            assert torch.equal(x[:2].flip(2), depth)
    assert 0.25 * BATCH < mirrored < 0.75 * BATCH


def test_the_loss_is_least_at_the_truth_and_asks_nothing_of_absent_people() -> None:
    torch.manual_seed(2)
    joints, seen = torch.rand(4, JOINTS, 3), (torch.rand(4, JOINTS) > 0.5).float()
    found = torch.cat([joints, torch.full((4, JOINTS, 1), -4.0), 9 * (2 * seen[..., None] - 1)], -1)
    there, present = torch.full((4,), 9.0), torch.ones(4)
    at_truth = loss(found, there, joints, seen, present)
    for column, change in ((0, 0.05), (2, -0.05), (4, -30.0)):
        other = found.clone()
        other[..., column] += change
        assert loss(other, there, joints, seen, present) > at_truth + 0.1
    absent = torch.tensor([1.0, 1.0, 1.0, 0.0])
    moved = found.clone()
    moved[3, :, :3] += 0.3
    absent_there = torch.tensor([9.0, 9.0, 9.0, -9.0])
    assert torch.isclose(
        loss(moved, absent_there, joints, seen, absent), loss(found, absent_there, joints, seen, absent)
    )
    assert loss(found, there, joints, seen, absent) > loss(found, absent_there, joints, seen, absent) + 1


def test_a_wider_network_does_at_first_what_the_narrower_one_does() -> None:
    torch.manual_seed(5)
    narrow, wide = Network(0.5).eval(), Network().eval()
    wide.load_state_dict(grown(narrow.state_dict(), wide))
    x = torch.rand(2, 4, 128, 128)
    for one, other in zip(narrow(x), wide(x), strict=True):
        torch.testing.assert_close(one, other)
    narrow.load_state_dict(grown(narrow.state_dict(), narrow))
    torch.testing.assert_close(narrow(x)[0], wide(x)[0])


def test_the_rate_rises_stays_and_falls() -> None:
    rates = [rate_at(step, 10_000, 1e-3) for step in range(0, 10_001, 50)]
    assert rates[0] < 1e-4
    assert rates[10] == rates[100] == 1e-3
    assert all(later < before for before, later in pairwise(rates[121:]))
    assert rates[-1] < 1e-5


# PyTorch's new exporter needs one more package and makes a larger graph of the same network.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_exported_network_gives_the_same(tmp_path: Path) -> None:
    training = Training.begin(None, 3)
    training.save(tmp_path / "checkpoint.pt")
    export(tmp_path / "checkpoint.pt", tmp_path / "joints.onnx")
    crop = np.random.default_rng(1).random((CHANNELS, 128, 128)).astype(np.float32)
    look = JointNetwork(tmp_path / "joints.onnx").look(crop, Square(0.0, 0.0, 0.5, 2000.0))
    with torch.no_grad():
        found, _ = training.average.eval()(torch.as_tensor(crop)[None])
        mirror, _ = training.average(torch.as_tensor(crop[:, :, ::-1].copy())[None])
    mirror = mirror[:, [int(j.mirrored) for j in Joint]]
    mirror[..., 0] = 1 - mirror[..., 0]
    depths = 2000 + (found[0, :, 2] + mirror[0, :, 2]).numpy() / 2 * 1000
    np.testing.assert_allclose(look.joints[:, 2], depths, rtol=0.02)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_in_8_bits_the_weights_to_go_on_from_are_those_of_the_package(chunk: Samples, tmp_path: Path) -> None:
    training = Training.begin(Path(__file__).parents[2] / "training" / "weights.pt", 1)
    training.save(tmp_path / "checkpoint.pt")
    export(tmp_path / "checkpoint.pt", tmp_path / "exact.onnx")
    crops = inputs(chunk.depth, chunk.infrared, chunk.about[:, SIDE_MM]).numpy()
    round_to_8_bits(tmp_path / "exact.onnx", crops, tmp_path / "rounded.onnx")
    there = chunk.about[:, PRESENT] > 0
    exact, rounded, package = (
        _joints(path, crops[there]) for path in (tmp_path / "exact.onnx", tmp_path / "rounded.onnx", WEIGHTS)
    )
    with torch.no_grad():
        found, _ = training.average.eval()(torch.as_tensor(crops[there]))
    np.testing.assert_allclose(exact, found, atol=1e-4)
    for other in (rounded, package):
        assert 0 < np.median(np.abs(other - exact)[..., :3]) < _ROUNDED_OFF
        assert np.median(np.abs(other - rounded)[..., :3]) < _ROUNDED_OFF


_ROUNDED_OFF = 0.004
"""Share of the crop's side, some 2 m, by which numbers of 8 bits put half of all joints off at most."""


def _joints(path: Path, crops: NDArray[np.float32]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["joints"], {"crops": crops})[0])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_weights_of_8_bits_cannot_overflow_on_processors_that_add_two_products_in_16(
    chunk: Samples, tmp_path: Path
) -> None:
    Training.begin(None, 3).save(tmp_path / "checkpoint.pt")
    export(tmp_path / "checkpoint.pt", tmp_path / "exact.onnx")
    crops = inputs(chunk.depth, chunk.infrared, chunk.about[:, SIDE_MM]).numpy()
    round_to_8_bits(tmp_path / "exact.onnx", crops, tmp_path / "rounded.onnx")
    for path in (tmp_path / "rounded.onnx", WEIGHTS):
        whole = [
            onnx.numpy_helper.to_array(w)
            for w in onnx.load(path).graph.initializer
            if w.data_type == onnx.TensorProto.INT8 and len(w.dims) == 4
        ]
        assert len(whole) > 30
        assert max(np.abs(w.astype(int)).max() for w in whole) <= 64
