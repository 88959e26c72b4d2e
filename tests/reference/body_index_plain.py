"""The body index map in plain numpy: what the kernels of `tracking.builtin.body_index` are compared with."""

import numpy as np

from bodychan.model.arrays import F32, F64, I64, U8, U16, Bool
from bodychan.model.bodies import NOBODY
from bodychan.tracking.builtin import body_index


def claim(depth: U16, rays: F32, starts: F64, ends: F64, radii: F64, boxes: I64) -> tuple[U8, Bool]:
    """See the kernel `claim`."""
    owner, best = np.full(depth.shape, NOBODY, np.uint8), np.full(depth.shape, np.inf)
    for body, bone in np.ndindex(starts.shape[:2]):
        left, top, right, bottom = boxes[body, bone].tolist()
        part = (slice(top, bottom), slice(left, right))
        z = depth[part].astype(np.float64)
        points = np.concatenate([rays[part] * z[..., None], z[..., None]], axis=-1)
        start, way = starts[body, bone], ends[body, bone] - starts[body, bone]
        along = np.clip((points - start) @ way / max(float(way @ way), 1e-9), 0, 1)
        away = points - start - along[..., None] * way
        size = np.linalg.norm(away, axis=-1)
        off = size - radii[body, bone, 0] - along * np.diff(radii[body, bone])
        skin = (off < body_index._ON_MM) | (away[..., 2] <= body_index._BEHIND * size)
        nearer = (z > 0) & (off < np.minimum(best[part], body_index._GROWN[bone + 1])) & skin
        best[part][nearer] = off[nearer]
        owner[part][nearer] = body
    return owner, best < body_index._ON_MM


def grow(depth: U16, owner: U8, seeds: Bool, out: U8) -> None:
    """See the kernel `grow`."""
    z, grown = depth.astype(np.float64), seeds.copy()
    for _ in range(depth.size):
        before = grown.copy()
        for axis in (0, 1):
            near, far = (np.s_[:-1], np.s_[1:]) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
            for here, there in ((near, far), (far, near)):
                goes_on = np.abs(z[there] - z[here]) <= body_index._STEP_MM + body_index._STEP_SHARE * z[here]
                goes_on &= (owner[there] == owner[here]) & (owner[here] != NOBODY)
                grown[there] |= before[here] & goes_on
        if np.array_equal(grown, before):
            break
    out[grown] = owner[grown]
