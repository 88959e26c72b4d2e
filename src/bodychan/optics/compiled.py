"""Argument types of kernels. A kernel that states them is compiled at import, not in the first capture."""

from numba import types


def reads(kind: types.Type, dimensions: int) -> types.Array:
    """Give the type of a contiguous array that a kernel reads, whether it may be written or not."""
    return types.Array(kind, dimensions, "C", readonly=True)


def fills(kind: types.Type, dimensions: int) -> types.Array:
    """Give the type of a contiguous array that a kernel writes."""
    return types.Array(kind, dimensions, "C")
