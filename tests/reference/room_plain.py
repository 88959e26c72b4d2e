"""Casting rays into the room in plain numpy: what the kernel of `cameras.synthetic.room` is compared with."""

import numpy as np

from bodychan.cameras.synthetic import room
from bodychan.model.arrays import F32, F64


def see_room(rays: F32, rotation: F64, place: F64, boxes: tuple[room.Box, ...]) -> room.Sight:
    """See `room.see_room`."""
    corners, tiles = room._packed(boxes)
    ways = np.concatenate([rays, np.ones((*rays.shape[:2], 1))], axis=2) @ rotation.T
    depth = np.full(rays.shape[:2], room.NOTHING_MM)
    surface = np.full(rays.shape[:2], -1, np.int32)
    cosine = np.zeros(rays.shape[:2])
    for box, (corner, tile) in enumerate(zip(corners, tiles, strict=True)):
        with np.errstate(divide="ignore"):
            first, second = ((c - place) / ways for c in (corner[:3], corner[3:]))
        entries = np.minimum(first, second)
        entry, leave = entries.max(axis=2), np.maximum(first, second).min(axis=2)
        axis = entries.argmax(axis=2)[..., None]
        along = np.take_along_axis(ways, axis, axis=2)[..., 0]
        hit = (entry > 1) & (entry < leave) & (entry < depth)
        spot = np.floor((place + np.where(hit, entry, 0.0)[..., None] * ways) * tile).astype(np.int64)
        odd = (spot[..., 0] + spot[..., 2]) & 1
        face = room.FACES_PER_BOX * box + 4 * axis[..., 0] + np.where(along > 0, 0, 2) + odd
        depth, surface = np.where(hit, entry, depth), np.where(hit, face, surface)
        cosine = np.where(hit, np.abs(along) / np.linalg.norm(ways, axis=2), cosine)
    normal = np.zeros((*depth.shape, 3), np.float32)
    return room.Sight(depth.astype(np.float32), surface.astype(np.int32), normal, cosine.astype(np.float32))
