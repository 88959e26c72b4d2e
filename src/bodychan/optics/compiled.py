"""How kernels are compiled. numba takes seconds for what is said carelessly, at the first start."""

from typing import Any

from numba import types

KERNEL: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
"""Of a kernel: kept on the disk, beside other threads, and a division by zero is no error."""
INNER: dict[str, Any] = {**KERNEL, "no_cpython_wrapper": True}
"""Of functions that only kernels call: without the ways in from Python, a third faster to compile."""


def reads(kind: types.Type, dimensions: int) -> types.Array:
    """Give the type of a contiguous array that a kernel reads, whether it may be written or not.

    A kernel that states its types is compiled at import, not in the first capture.
    """
    return types.Array(kind, dimensions, "C", readonly=True)


def fills(kind: types.Type, dimensions: int) -> types.Array:
    """Give the type of a contiguous array that a kernel writes."""
    return types.Array(kind, dimensions, "C")
