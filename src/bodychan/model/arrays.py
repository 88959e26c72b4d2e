"""Names for the array types that the signatures use; the docstrings give the shapes."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Float = NDArray[np.floating[Any]]
U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


_Array = TypeVar("_Array", bound=NDArray[Any])


def frozen(array: _Array) -> _Array:
    """Make an array that the caller has just created read-only and return it, for use in frozen values."""
    array.setflags(write=False)
    return array


def owned(array: _Array) -> _Array:
    """Return a read-only array whose memory nobody else can write.

    It is the same object where that already holds, as for arrays that come from another frozen value or from
    `bytes`; anything else is copied, so that the caller's array stays writable.
    """
    base = array.base
    immutable = base is None or isinstance(base, bytes)
    immutable |= isinstance(base, np.ndarray) and not base.flags.writeable
    return array if immutable and not array.flags.writeable else frozen(array.copy())


def checked(what: str, array: object, dtype: type[np.generic], shape: tuple[int | str, ...]) -> NDArray[Any]:
    """Return an array as `owned` does, after checking that it is of a type and a shape.

    Args:
        what: the array's name, for the message.
        array: the array.
        dtype: the NumPy type that it must have.
        shape: its size along each axis; a letter stands for any size.

    Raises:
        ValueError: it is not; the message says what it is and what it must be.
    """
    expected = f"{np.dtype(dtype)} ({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{what} is a {type(array).__name__}, expected an array, {expected}")
    fits = len(shape) == array.ndim and all(
        isinstance(size, str) or size == found for size, found in zip(shape, array.shape, strict=True)
    )
    if array.dtype != dtype or not fits:
        raise ValueError(f"{what} is {array.dtype} {array.shape}, expected {expected}")
    return owned(array)
