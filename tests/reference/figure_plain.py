"""Sphere tracing of a synthetic figure in plain numpy, float64: what `render`'s kernels are compared with."""

import numpy as np

from bodychan.cameras.synthetic.figure import BLENDS, JOIN, PART_GROUPS
from bodychan.model.arrays import F64, I64, Float

_HIT_MM, _NEAREST_MM, _STEPS, _STEP_SHARE, _GRAZING = 0.5, 1.0, 256, 0.95, 0.2


def trace_rays(rays: Float, capsules: F64) -> tuple[F64, I64, F64]:
    """Trace one figure along single rays (N, 2).

    Returns:
        depth (N,) mm along z, infinite where the ray misses; part (N,), -1 there; normal (N, 3), 0 there.
    """
    packed = _packed(capsules)
    directions = np.concatenate([np.asarray(rays, np.float64), np.ones((len(rays), 1))], axis=1)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    ends = capsules[:, :6].reshape(-1, 3)
    centre = ends.mean(axis=0)
    reach = np.linalg.norm(ends - centre, axis=1).max() + capsules[:, 6:].max() + JOIN
    middle = directions @ centre
    going = np.linalg.norm(centre - middle[:, None] * directions, axis=1) < reach
    t, far = np.maximum(middle - reach, _NEAREST_MM), middle + reach
    going &= far > t
    hit = np.zeros(len(rays), dtype=bool)
    for _ in range(_STEPS):
        index = np.flatnonzero(going)
        if not len(index):
            break
        d, _nearest = distance(t[index, None] * directions[index], packed)
        hit[index] = d < _HIT_MM
        t[index] += _STEP_SHARE * d
        going[index] = (d >= _HIT_MM) & (t[index] < far[index])
    points = t[:, None] * directions
    part = np.where(hit, distance(points, packed)[1], -1)
    slope = [distance(points + e, packed)[0] - distance(points - e, packed)[0] for e in 0.5 * np.eye(3)]
    normal = np.where(hit[:, None], np.stack(slope, axis=1), 0.0)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    facing = np.maximum(-np.einsum("nk,nk->n", normal, directions), _GRAZING)
    t += distance(points, packed)[0] / facing
    return np.where(hit, t * directions[:, 2], np.inf), part, normal


def distance(points: F64, packed: F64) -> tuple[F64, I64]:
    """Give the signed distance (N,) from points (N, 3) to a figure's surface, and the nearest part (N,)."""
    from_start = points[:, None, :] - packed[:, :3]
    share = np.clip(np.einsum("npk,pk->np", from_start, packed[:, 3:6]) * packed[:, 8], 0, 1)
    away = np.linalg.norm(from_start - share[..., None] * packed[:, 3:6], axis=2)
    single = away - packed[:, 6] - share * packed[:, 7]
    total: F64 | None = None
    for group, width in enumerate(BLENDS):
        members = np.flatnonzero(group == PART_GROUPS)
        inner = single[:, members[0]]
        for member in members[1:]:
            inner = _blend(inner, single[:, member], width)
        total = inner if total is None else _blend(total, inner, JOIN)
    assert total is not None
    return total, single.argmin(axis=1)


def _blend(a: F64, b: F64, width: float) -> F64:
    over = np.maximum(width - np.abs(a - b), 0)
    return np.asarray(np.minimum(a, b) - over * over / (4 * width))


def _packed(capsules: F64) -> F64:
    """Give what the distance needs, (parts, 11).

    That is: start and way to the end (x, y, z), radius, its growth to the end, 1/length², group, blend width.
    """
    way = capsules[:, 3:6] - capsules[:, :3]
    square = np.einsum("pk,pk->p", way, way)
    inverse = np.divide(1.0, square, out=np.zeros_like(square), where=square > 0)
    rest = [capsules[:, 6], capsules[:, 7] - capsules[:, 6], inverse, PART_GROUPS, BLENDS[PART_GROUPS]]
    return np.ascontiguousarray(np.concatenate([capsules[:, :3], way, np.stack(rest, axis=1)], axis=1))
