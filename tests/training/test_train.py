import argparse
import warnings
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

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

PRESENT_WEIGHTS = Path(__file__).parents[2] / "training" / "weights.pt"
ROUNDED_OFF = 0.004
"""Share of the crop's side, some 2 m, by which numbers of 8 bits put half of all joints off at most."""


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


class _Present(NamedTuple):
    """The weights to go on from, exported here: in 32 and in 8 bits, and crops of people for both."""

    average: Network
    exact: Path
    rounded: Path
    crops: NDArray[np.float32]


@pytest.fixture(scope="module")
def present(chunk: Samples, tmp_path_factory: pytest.TempPathFactory) -> _Present:
    folder, training = tmp_path_factory.mktemp("present"), Training.begin(PRESENT_WEIGHTS, 1)
    exact, rounded = folder / "exact.onnx", folder / "rounded.onnx"
    crops = inputs(chunk.depth, chunk.infrared, chunk.about[:, SIDE_MM]).numpy()
    training.save(folder / "checkpoint.pt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        export(folder / "checkpoint.pt", exact)
    round_to_8_bits(exact, crops, rounded)
    return _Present(training.average.eval(), exact, rounded, crops[chunk.about[:, PRESENT] > 0])


def _seen(path: Path, crops: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    joints, there = session.run(["joints", "presence"], {"crops": crops})
    return joints, there


def _whole_numbers(path: Path) -> dict[str, NDArray[np.int8]]:
    """Give the weights of 8 bits by name."""
    return {
        w.name: onnx.numpy_helper.to_array(w)
        for w in onnx.load(path).graph.initializer
        if w.data_type == onnx.TensorProto.INT8 and len(w.dims) == 4
    }


def test_the_weights_to_go_on_from_are_those_of_the_package(present: _Present) -> None:
    here, package = _whole_numbers(present.rounded), _whole_numbers(WEIGHTS)
    assert here.keys() == package.keys()
    for name, weights in here.items():
        np.testing.assert_array_equal(weights, package[name])


def test_in_32_bits_the_weights_to_go_on_from_give_the_same_and_in_8_nearly(present: _Present) -> None:
    with torch.no_grad():
        found, there = present.average(torch.as_tensor(present.crops))
    joints, presence = _seen(present.exact, present.crops)
    np.testing.assert_allclose(joints, found, atol=1e-4)
    np.testing.assert_allclose(presence, there, atol=1e-4)
    for path in (present.rounded, WEIGHTS):
        joints, presence = _seen(path, present.crops)
        assert 0 < np.median(np.abs(joints - found.numpy())[..., :3]) < ROUNDED_OFF
        assert ((presence > 0) == (there.numpy() > 0)).all()


def test_weights_of_8_bits_cannot_overflow_where_two_products_are_added_in_16(present: _Present) -> None:
    for path in (present.rounded, WEIGHTS):
        weights = _whole_numbers(path).values()
        assert len(weights) > 30
        assert max(np.abs(w.astype(int)).max() for w in weights) <= 64
