"""From player slots to the values of channels.

This is the one place where SDK space becomes channel space: metres, (-x, -y, +z)/1000 of the depth camera's
millimetres, so that +Y is up, +Z away from the camera and the frame right-handed. Rotations are conjugated
with diag(-1, -1, 1). A `Space` may turn and mirror both after that.
"""

import math

import numpy as np

from bodychan.channels.layout import IMU, JOINT_GROUPS, Layout
from bodychan.channels.players import Slots
from bodychan.channels.space import TO_CHANNELS, Space
from bodychan.model.arrays import F64
from bodychan.model.capture import ImuSample
from bodychan.model.rotations import matrix_to_euler_xyz_degrees, quaternion_to_matrix
from bodychan.model.skeleton import JOINT_COUNT, PARENTS, Joint
from bodychan.optics.calibration import Calibration

_CONJUGATION = np.outer(TO_CHANNELS, TO_CHANNELS)
_PARENT_OR_SELF = np.array([max(p, 0) for p in PARENTS])


def raw_values(
    layout: Layout, slots: Slots, calibration: Calibration, imu: ImuSample | None, space: Space
) -> F64:
    """Return the value of every channel of a layout, in the order of its names.

    Args:
        layout: which channels.
        slots: of `layout.players` players.
        calibration: the camera's, for the image positions.
        imu: the newest sample, None where the camera has none.
        space: where the axes of positions and rotations lie.

    Returns:
        (len(layout.names),) float64. Every channel of an empty slot is 0. Values that are not finite are left
        to the caller.
    """
    slots = space.slots(slots)
    columns = _rotations(layout, slots, space)
    columns |= {
        group: values(layout, slots, calibration, space)
        for group, values in _GROUP_VALUES.items()
        if group in layout.groups
    }
    first = layout.first_joint_column
    players = np.zeros((layout.players, first + JOINT_COUNT * layout.joint_columns))
    players[:, 0] = slots.ids
    if layout.status:
        players[:, 1], players[:, 2] = slots.tracked, slots.age
    if columns:
        joined = np.concatenate([columns[group] for group in JOINT_GROUPS if group in columns], axis=-1)
        players[:, first:] = joined.reshape(layout.players, -1)
    players[slots.ids == 0] = 0.0
    parts = [np.array([slots.frame, slots.device_usec], dtype=np.float64), players.ravel()]
    if layout.imu:
        parts.append(imu_values(imu))
    return np.concatenate(parts)


def _rotations(layout: Layout, slots: Slots, space: Space) -> dict[str, F64]:
    """Return the rotations of the groups that are on, (P, 32, 3) degrees; both go through one conversion."""
    groups = [group for group in ("relbonerotations", "absbonerotations") if group in layout.groups]
    if not groups:
        return {}
    absolute = space.rotations(quaternion_to_matrix(slots.orientations) * _CONJUGATION)
    matrices = [absolute]
    if groups[0] == "relbonerotations":
        relative = np.swapaxes(absolute[:, _PARENT_OR_SELF], -1, -2) @ absolute
        relative[:, Joint.PELVIS] = absolute[:, Joint.PELVIS]
        matrices.insert(0, relative)
    degrees = matrix_to_euler_xyz_degrees(np.stack(matrices[: len(groups)]))
    return dict(zip(groups, degrees, strict=True))


def _world(_layout: Layout, slots: Slots, _calibration: Calibration, space: Space) -> F64:
    return space.points(slots.positions * (TO_CHANNELS / 1000.0))


def _lengths(_layout: Layout, slots: Slots, _calibration: Calibration, _space: Space) -> F64:
    bones = slots.positions - slots.positions[:, _PARENT_OR_SELF]
    return np.asarray(np.linalg.norm(bones, axis=-1, keepdims=True) / 1000.0)


def _confidence(_layout: Layout, slots: Slots, _calibration: Calibration, _space: Space) -> F64:
    return slots.confidence[..., None].astype(np.float64)


def _color_uv(layout: Layout, slots: Slots, calibration: Calibration, _space: Space) -> F64:
    return _image_positions(layout, slots, calibration, "color")


def _depth_uv(layout: Layout, slots: Slots, calibration: Calibration, _space: Space) -> F64:
    return _image_positions(layout, slots, calibration, "depth")


def _image_positions(layout: Layout, slots: Slots, calibration: Calibration, camera: str) -> F64:
    """Return u, v over the image's edges, origin bottom-left, (P, 32, 2); 0, 0 where nothing projects."""
    lens = calibration.lenses[camera]
    pixels, valid = calibration.project(slots.positions.reshape(-1, 3), "depth", camera)
    uv = (pixels + 0.5) / (lens.width, lens.height)
    u, v = uv[:, 0], uv[:, 1]
    if not layout.flip_v:
        np.subtract(1.0, v, out=v)
    if layout.flip_u:
        np.subtract(1.0, u, out=u)
    if layout.aspect_correct:
        v *= lens.height / lens.width
    if not valid.all():
        uv[~valid] = 0.0
    return uv.reshape(*slots.positions.shape[:2], 2)


_GROUP_VALUES = {
    "worldspace": _world,
    "bonelengths": _lengths,
    "colorspace": _color_uv,
    "depthspace": _depth_uv,
    "confidence": _confidence,
}


def imu_values(sample: ImuSample | None) -> F64:
    """Return the values of the channels of `IMU` as they were measured, (7,); zeros without a sample."""
    if sample is None:
        return np.zeros(len(IMU))
    # Recordings store no temperature: that is not worth a warning.
    temperature = 0.0 if math.isnan(sample.temperature) else sample.temperature
    return np.array([temperature, *sample.accel, *sample.gyro], dtype=np.float64)
