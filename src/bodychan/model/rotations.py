"""Rotations as arrays: quaternions (wxyz), matrices and Euler angles, any number at once, plain numpy.

Matrices act on column vectors; the columns of a joint's matrix are its axes in the outer frame. These run in
every cook, where importing scipy's `Rotation` (half a second) would stall a show; the tests compare with it.
"""

import numpy as np

from bodychan.model.arrays import F64, Float

_LOCKED_COS = 1e-7
"""Below this cosine of ry the angles rx and rz cannot be told apart in float64."""


def unit(vectors: Float) -> F64:
    """Scale vectors or quaternions (..., D) to length 1."""
    v = np.asarray(vectors, dtype=np.float64)
    return np.asarray(v / np.linalg.norm(v, axis=-1, keepdims=True))


# Entry i of a rotation matrix, row by row, is ones + factors * (product FIRST + signs * product SECOND) of
# quaternion components, 4 * a + b for component a times b, of w, x, y, z: 1 - 2(yy + zz), 2(xy - wz), ...
_FIRST = np.array([10, 6, 7, 6, 5, 11, 7, 11, 5])
_SECOND = np.array([15, 3, 2, 3, 15, 1, 2, 1, 10])
_SIGNS = np.array([1.0, -1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 1.0, 1.0])
_FACTORS = np.array([-2.0, 2.0, 2.0, 2.0, -2.0, 2.0, 2.0, 2.0, -2.0])
_ONES = np.eye(3).ravel()


def quaternion_to_matrix(quaternion: Float) -> F64:
    """Turn unit quaternions (..., 4) wxyz into rotation matrices (..., 3, 3)."""
    q = np.asarray(quaternion, dtype=np.float64)
    products = (q[..., :, None] * q[..., None, :]).reshape(*q.shape[:-1], 16)
    sums = products[..., _FIRST] + _SIGNS * products[..., _SECOND]
    return np.asarray(_ONES + _FACTORS * sums).reshape(*q.shape[:-1], 3, 3)


def matrix_to_quaternion(matrix: Float) -> F64:
    """Turn rotation matrices (..., 3, 3) into unit quaternions (..., 4) wxyz with w >= 0.

    Of the four ways to read a quaternion off a matrix the one with the largest divisor is taken
    (Shepperd 1978), so that no rotation loses accuracy.
    """
    m = np.asarray(matrix, dtype=np.float64)
    d0, d1, d2 = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    wx, wy, wz = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    xy, xz, yz = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    ways = np.stack(
        [
            np.stack([1 + d0 + d1 + d2, wx, wy, wz], axis=-1),
            np.stack([wx, 1 + d0 - d1 - d2, xy, xz], axis=-1),
            np.stack([wy, xy, 1 - d0 + d1 - d2, yz], axis=-1),
            np.stack([wz, xz, yz, 1 - d0 - d1 + d2], axis=-1),
        ],
        axis=-2,
    )
    best = np.argmax(np.diagonal(ways, axis1=-2, axis2=-1), axis=-1)
    quaternion = np.take_along_axis(ways, best[..., None, None], axis=-2)[..., 0, :]
    quaternion = unit(quaternion)
    return np.where(quaternion[..., :1] < 0, -quaternion, quaternion)


def matrix_to_euler_xyz_degrees(matrix: Float) -> F64:
    """Turn rotation matrices (..., 3, 3) into degrees (..., 3) rx, ry, rz with R = Rz · Ry · Rx.

    rx and rz lie in (-180, 180], ry in [-90, 90]. Where ry is ±90 only one of rx and rz is determined by
    the rotation: rz is 0 there.
    """
    m = np.asarray(matrix, dtype=np.float64)
    cos_ry = np.hypot(m[..., 0, 0], m[..., 1, 0])
    locked = cos_ry < _LOCKED_COS
    rx = np.where(
        locked,
        np.arctan2(-m[..., 1, 2], m[..., 1, 1]),
        np.arctan2(m[..., 2, 1], m[..., 2, 2]),
    )
    ry = np.arctan2(-m[..., 2, 0], cos_ry)
    rz = np.where(locked, 0.0, np.arctan2(m[..., 1, 0], m[..., 0, 0]))
    degrees = np.degrees(np.stack([rx, ry, rz], axis=-1))
    return np.where(degrees == -180.0, 180.0, degrees)


def euler_xyz_degrees_to_quaternion(degrees: Float) -> F64:
    """Turn degrees (..., 3) rx, ry, rz into the unit quaternions (..., 4) wxyz of R = Rz · Ry · Rx."""
    half = np.radians(np.asarray(degrees, dtype=np.float64)) / 2
    (cx, cy, cz), (sx, sy, sz) = np.moveaxis(np.cos(half), -1, 0), np.moveaxis(np.sin(half), -1, 0)
    return np.stack(
        [
            cz * cy * cx + sz * sy * sx,
            cz * cy * sx - sz * sy * cx,
            cz * sy * cx + sz * cy * sx,
            sz * cy * cx - cz * sy * sx,
        ],
        axis=-1,
    )


def slerp(start: Float, end: Float, share: Float) -> F64:
    """Turn steadily from one rotation to another, the shorter way round (Shoemake 1985).

    Args:
        start: (..., 4) unit quaternions wxyz.
        end: (..., 4) unit quaternions wxyz.
        share: (...) of the way, 0 to 1.

    Returns:
        (..., 4) unit quaternions wxyz.
    """
    a, t = np.asarray(start, dtype=np.float64), np.asarray(share)[..., None]
    b = continuous_quaternion(end, a)
    half = np.arccos(np.einsum("...i,...i->...", a, b).clip(0.0, 1.0))[..., None]
    # Hardly any turn: the arc is a straight line.
    short = half < 1e-6
    sine = np.sin(np.where(short, 1.0, half))
    near, far = np.sin((1.0 - t) * half) / sine, np.sin(t * half) / sine
    return unit(np.where(short, 1.0 - t, near) * a + np.where(short, t, far) * b)


def rotation_between(source: Float, target: Float) -> F64:
    """Return the smallest rotations (..., 3, 3) that turn unit vectors (..., 3) `source` into `target`."""
    a, b = np.broadcast_arrays(np.asarray(source, np.float64), np.asarray(target, np.float64))
    w = 1 + np.einsum("...i,...i->...", a, b)
    # Opposite vectors leave the axis open: take one across the component that is smallest.
    across = np.cross(a, np.eye(3)[np.argmin(np.abs(a), axis=-1)])
    xyz = np.where((w < 1e-9)[..., None], across, np.cross(a, b))
    quaternion = np.concatenate([np.where(w < 1e-9, 0.0, w)[..., None], xyz], axis=-1)
    return quaternion_to_matrix(unit(quaternion))


def continuous_quaternion(quaternion: Float, previous: Float) -> F64:
    """Return each quaternion (..., 4) the sign that is nearer to `previous`; both signs mean one rotation."""
    q = np.asarray(quaternion, dtype=np.float64)
    flip = np.einsum("...i,...i->...", q, np.asarray(previous, dtype=np.float64)) < 0
    return np.where(flip[..., None], -q, q)


def quaternion_product(left: Float, right: Float) -> F64:
    """Return the quaternions (..., 4) wxyz of first turning by `right`, then by `left`."""
    a, b = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    aw, ax, ay, az = (a[..., i] for i in range(4))
    bw, bx, by, bz = (b[..., i] for i in range(4))
    product = np.empty(np.broadcast_shapes(a.shape, b.shape))
    product[..., 0] = aw * bw - ax * bx - ay * by - az * bz
    product[..., 1] = aw * bx + ax * bw + ay * bz - az * by
    product[..., 2] = aw * by - ax * bz + ay * bw + az * bx
    product[..., 3] = aw * bz + ax * by - ay * bx + az * bw
    return product


def quaternion_to_vector(quaternion: Float) -> F64:
    """Turn unit quaternions (..., 4) wxyz into rotation vectors (..., 3), radians, at most half a turn long.

    Both signs of a quaternion give the same vector.
    """
    q = np.asarray(quaternion, dtype=np.float64)
    q = np.where(q[..., :1] < 0, -q, q)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, q[..., :1])
    # The limit of angle / sine(angle / 2) at no turn is 2.
    return np.asarray(q[..., 1:] * np.where(sine < 1e-12, 2.0, angle / np.maximum(sine, 1e-12)))


def vector_to_quaternion(vector: Float) -> F64:
    """Turn rotation vectors (..., 3), radians, into unit quaternions (..., 4) wxyz."""
    v = np.asarray(vector, dtype=np.float64)
    half = np.linalg.norm(v, axis=-1, keepdims=True) / 2
    # np.sinc is sin(pi x) / (pi x), which is 1 at no turn.
    return np.concatenate([np.cos(half), v * (np.sinc(half / np.pi) / 2)], axis=-1)
