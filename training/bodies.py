"""Random people at rest, from the parametric body `anny` (MakeHuman's CC0 figures), as plain arrays.

PyTorch is needed here and for training only: posing, clothing and rendering work on these arrays.
Body frame: x to the person's left, y up, z to the front, in metres.
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

COUNT, BATCH = 3600, 100
HELD_OUT = 300
"""The last so many bodies are for evaluation and never trained on."""

# Parts of the body that wear different clothes; hair and skin are told apart within the head.
TRUNK, HIPS, UPPER_ARM, FOREARM, HAND, THIGH, SHANK, FOOT, HEAD, NECK = range(10)
_PARTS = (
    (("spine", "clav", "breast", "shoulder"), TRUNK),
    (("root", "pelvis"), HIPS),
    (("upperarm",), UPPER_ARM),
    (("lowerarm",), FOREARM),
    (("wrist", "finger", "metac"), HAND),
    (("upperleg",), THIGH),
    (("lowerleg",), SHANK),
    (("foot", "toe"), FOOT),
    (("neck",), NECK),
)
_STOUT = 0.3
"""Share of bodies that are drawn among heavy ones."""
_CHANGE = 0.35
"""Standard deviation of local changes, of which 1 is the most that MakeHuman offers; some bodies have twice
that, some none."""
_OF_LENGTH, _LENGTHS = ("vert", "height"), 0.3
"""Changes that make bones longer, and what share of the others' spread they have: the lengths of people's
bones are much the same share of their stature."""
_SIZE = 0.04
"""Standard deviation of sizes beside those that anny's heights give, which are all of statures and not enough
of proportions."""
_CHILDREN = 0.25
"""Share of bodies that are not yet grown up, so that the network knows them well."""
_ADULTS = (1 - 0.3 - _CHILDREN) / (1 - _CHILDREN)
"""anny's ages of the others begin where those of children end."""
_OF_BOTH_SIDES = (
    "upperarm-fat-incr", "upperarm-muscle-incr", "upperarm-scale-depth-incr", "upperarm-scale-horiz-incr",
    "upperarm-scale-vert-incr", "upperarm-shoulder-muscle-incr", "lowerarm-fat-incr", "lowerarm-muscle-incr",
    "lowerarm-scale-depth-incr", "lowerarm-scale-horiz-incr", "lowerarm-scale-vert-incr", "hand-scale-incr",
    "upperleg-fat-incr", "upperleg-muscle-incr", "upperleg-scale-depth-incr", "upperleg-scale-horiz-incr",
    "upperleg-scale-vert-incr", "lowerleg-fat-incr", "lowerleg-muscle-incr", "lowerleg-scale-depth-incr",
    "lowerleg-scale-horiz-incr", "lowerleg-scale-vert-incr", "leg-valgus-incr", "foot-scale-incr",
)  # fmt: skip
_OF_THE_MIDDLE = (
    "torso-scale-depth-incr", "torso-scale-horiz-incr", "torso-scale-vert-incr", "torso-vshape-incr",
    "torso-muscle-pectoral-incr", "torso-muscle-dorsi-incr", "measure-shoulder-dist-incr",
    "measure-bust-circ-incr", "measure-waist-circ-incr", "measure-hips-circ-incr",
    "measure-waisttohip-dist-incr", "measure-napetowaist-dist-incr", "stomach-pregnant-incr",
    "stomach-tone-incr", "pelvis-tone-incr",
    "buttocks-volume-incr", "breast-volume-vert-up", "hip-scale-depth-incr", "hip-scale-horiz-incr",
    "hip-scale-vert-incr", "neck-scale-depth-incr", "neck-scale-horiz-incr", "neck-scale-vert-incr",
    "neck-trans-forward", "upperlegs-height-incr", "lowerlegs-height-incr",
)  # fmt: skip
_EAR_DEPTH = 0.012
"""The ear is the outermost so many metres of the head, as in the evaluation set."""
_NOSE_WIDTH = 0.02


class Bank(NamedTuple):
    """B bodies of one topology: V vertices, F faces, N bones.

    `vertices` (B, V, 3), bone `heads` and `tails` (B, N, 3) at rest; `faces` (F, 3); skinning `weights` and
    `indices` (V, K); `parents` (N,); `parts` (V,) see above; vertex `nose`, vertices of the `ears`.
    """

    vertices: NDArray[np.float32]
    heads: NDArray[np.float32]
    tails: NDArray[np.float32]
    faces: NDArray[np.int32]
    weights: NDArray[np.float32]
    indices: NDArray[np.int32]
    parents: NDArray[np.int32]
    parts: NDArray[np.int32]
    nose: int
    left_ear: NDArray[np.int64]
    right_ear: NDArray[np.int64]

    def only(self, which: slice) -> "Bank":
        """Give a bank with some of the bodies."""
        vertices, heads, tails = (
            np.ascontiguousarray(a[which]) for a in (self.vertices, self.heads, self.tails)
        )
        return self._replace(vertices=vertices, heads=heads, tails=tails)


def load(path: Path, *, held_out: bool = False) -> Bank:
    """Read the bodies to train with, or those held out for evaluation."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in Bank._fields}
    values: dict[str, Any] = {
        name: int(a) if a.ndim == 0 else np.ascontiguousarray(a) for name, a in arrays.items()
    }
    which = slice(-HELD_OUT, None) if held_out else slice(0, -HELD_OUT)
    return Bank(**values).only(which)


def sample(count: int, seed: int) -> Bank:
    """Draw random bodies: both sexes, from the age of about eight, thin to very heavy, 1 to 2.2 m."""
    import anny
    import torch

    torch.manual_seed(seed)
    changes = [label for label, _ in _changes()]
    model = anny.Anny(
        rig="makehuman",
        topology="notoes_collapse10pc",
        skinning_method="lbs",
        phenotypes="all",
        local_changes=changes,
        phenotype_blendshapes="original",
    )
    model = model.to(dtype=torch.float32)
    still = torch.eye(4)[None, None].repeat(BATCH, model.bone_count, 1, 1)
    drawn: list[list[NDArray[np.float32]]] = []
    for _ in range(-(-count // BATCH)):
        with torch.no_grad():
            out = model(
                pose_parameters=still,
                phenotype_kwargs=_phenotypes(torch.rand(BATCH, 12)),
                local_changes_kwargs=_local_changes(BATCH),
                return_bone_ends=True,
            )
        keys = ("rest_vertices", "rest_bone_heads", "rest_bone_tails")
        sizes = _sizes(BATCH)
        drawn.append([sizes * _axes(out[key].numpy()) for key in keys])
    vertices, heads, tails = (np.concatenate(parts)[:count] for parts in zip(*drawn, strict=True))
    return _bank(model, vertices, heads, tails)


def _phenotypes(r: Any) -> dict[str, Any]:
    """Turn uniform numbers (B, 12) into anny's phenotypes, each from 0 to 1. Sex is mostly unambiguous.

    Only little muscle with much weight makes a heavy body (the target of average muscle and most weight
    hardly moves anything), so that a share is drawn there. Heights are such that grown men are 1.53 to 2.01 m
    tall, women 1.39 to 1.87 m; taller people's legs are a larger share of them, as are men's.
    """
    import torch

    gender = torch.where(r[:, 0] < 0.5, r[:, 0] * 0.3, 1 - (1 - r[:, 0]) * 0.3)
    stout = r[:, 6] < _STOUT
    return {
        "gender": gender,
        "age": torch.where(r[:, 1] < _CHILDREN, 0.3 + r[:, 1], 1 - (1 - r[:, 1]) * _ADULTS),
        "muscle": torch.where(stout, 0.2 * r[:, 2], r[:, 2]),
        "weight": torch.where(stout, 0.65 + 0.35 * r[:, 3], r[:, 3]),
        "height": 0.15 + 0.45 * r[:, 4],
        "proportions": 0.15 + 0.7 * r[:, 5],
        "cupsize": r[:, 7],
        "firmness": r[:, 8],
        "african": r[:, 9],
        "asian": r[:, 10],
        "caucasian": r[:, 11],
    }


def _changes() -> list[tuple[str, int]]:
    """Give the labels of anny's local changes, and a number of each; both sides of one have the same."""
    both = [(f"{side}-{name}", k) for k, name in enumerate(_OF_BOTH_SIDES) for side in ("l", "r")]
    return both + [(name, len(_OF_BOTH_SIDES) + k) for k, name in enumerate(_OF_THE_MIDDLE)]


def _local_changes(count: int) -> dict[str, Any]:
    """Draw how bodies depart from what their phenotypes say, each girth and length from -1 to 1."""
    import torch

    drawn = torch.randn(count, len(_OF_BOTH_SIDES) + len(_OF_THE_MIDDLE)) * _CHANGE
    drawn = (drawn * torch.rand(count, 1) * 2).clamp(-1, 1)
    return {
        label: drawn[:, k] * (_LENGTHS if any(word in label for word in _OF_LENGTH) else 1.0)
        for label, k in _changes()
    }


def _sizes(count: int) -> NDArray[np.float32]:
    """Draw how many times larger bodies are than their phenotypes say, (B, 1, 1), with the same proportions.

    anny's heights make the legs longer or shorter, somewhat more than people's statures do.
    """
    import torch

    return (1 + (_SIZE * torch.randn(count, 1, 1)).clamp(-2.2 * _SIZE, 2.2 * _SIZE)).numpy()


def _axes(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn anny's axes (x left, y back, z up) into ours."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1).astype(np.float32)


def _bank(
    model: Any, vertices: NDArray[np.float32], heads: NDArray[np.float32], tails: NDArray[np.float32]
) -> Bank:
    weights = model.vertex_bone_weights.numpy().astype(np.float32)
    indices = model.vertex_bone_indices.numpy().astype(np.int32)
    strongest = indices[np.arange(len(indices)), weights.argmax(1)]
    parts = np.array([_part(model.bone_labels[bone]) for bone in strongest], np.int32)
    usual = _axes(model.template_vertices.numpy())
    head = parts == HEAD
    middle = np.flatnonzero(head & (np.abs(usual[:, 0]) < _NOSE_WIDTH))
    nose = int(middle[usual[middle, 2].argmax()])
    faces = model.faces.numpy().astype(np.int32)
    parents = np.array(model.bone_parents, np.int32)
    ears = (_ear(usual, head, 1.0), _ear(usual, head, -1.0))
    return Bank(vertices, heads, tails, faces, weights, indices, parents, parts, nose, *ears)


def _part(bone: str) -> int:
    for prefixes, part in _PARTS:
        if bone.startswith(prefixes):
            return part
    return HEAD


def _ear(usual: NDArray[np.float32], head: NDArray[np.bool_], side: float) -> NDArray[np.int64]:
    half = np.flatnonzero(head & (side * usual[:, 0] > 0))
    outwards = side * usual[half, 0]
    return np.asarray(half[outwards > outwards.max() - _EAR_DEPTH])


def main() -> None:
    """Write the bank of bodies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(given.out, **sample(given.count, given.seed)._asdict())


if __name__ == "__main__":
    main()
