from pathlib import Path

import numpy as np
from training.bodies import FOOT, HEAD, HELD_OUT, Bank, load, sample


def test_the_same_seed_gives_the_same_bodies_and_another_gives_others(bank: Bank) -> None:
    again, other = sample(len(bank.vertices), seed=3), sample(len(bank.vertices), seed=4)
    np.testing.assert_array_equal(again.vertices, bank.vertices)
    assert np.abs(other.vertices - bank.vertices).max() > 0.05


def test_bodies_stand_upright_and_look_ahead(bank: Bank) -> None:
    middles = [bank.vertices[:, bank.parts == part].mean(axis=1) for part in (HEAD, FOOT)]
    assert (middles[0][:, 1] - middles[1][:, 1] > 0.8).all()
    assert (bank.vertices[:, bank.nose, 2] > middles[0][:, 2]).all()


def test_the_left_side_is_the_right_ones_mirror_image(bank: Bank) -> None:
    left, right = bank.heads[:, 1:21], bank.heads[:, 21:41]
    np.testing.assert_allclose(left * [-1, 1, 1], right, atol=2e-3)
    assert (bank.vertices[:, bank.left_ear, 0] > 0).all()
    assert (bank.vertices[:, bank.right_ear, 0] < 0).all()


def test_there_are_children_and_giants_the_thin_and_the_stout(bank: Bank) -> None:
    statures = np.ptp(bank.vertices[..., 1], axis=1)
    assert statures.min() < 1.45
    assert statures.max() > 1.95
    deep = [_depth_at(v, h[41]) for v, h in zip(bank.vertices, bank.heads, strict=True)] / statures
    assert np.percentile(deep, 95) > 1.5 * np.percentile(deep, 5)


def _depth_at(vertices: np.ndarray, place: np.ndarray) -> float:
    near = vertices[(np.abs(vertices[:, :2] - place[:2]) < 0.06).all(axis=1)]
    return float(np.ptp(near[:, 2]))


def test_the_last_bodies_are_held_out(bank: Bank, tmp_path: Path) -> None:
    marks = np.arange(HELD_OUT + 5, dtype=np.float32)
    many = bank._replace(
        vertices=np.broadcast_to(marks[:, None, None], (len(marks), 4, 3)),
        heads=np.zeros((len(marks), 2, 3), np.float32),
        tails=np.zeros((len(marks), 2, 3), np.float32),
    )
    np.savez(tmp_path / "bank.npz", **many._asdict())
    assert load(tmp_path / "bank.npz").vertices[:, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert load(tmp_path / "bank.npz", held_out=True).vertices[:, 0, 0].tolist() == marks[5:].tolist()
