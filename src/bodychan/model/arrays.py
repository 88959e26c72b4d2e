"""Names for the array types that the signatures use; shapes stand in the docstrings."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Float = NDArray[np.floating[Any]]
U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


_Array = TypeVar("_Array", bound=NDArray[Any])


def frozen(array: _Array) -> _Array:
    """Make an array read-only and hand it back, for use inside frozen values."""
    array.setflags(write=False)
    return array
