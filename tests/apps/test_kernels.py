from typing import Any

import numba

from bodychan.apps.kernels import watched


def test_compiling_is_told_and_loading_is_not() -> None:
    told: list[int] = []

    def double(x: int) -> int:
        return 2 * x

    double.__module__ = "bodychan.tests"
    kernel: Any = numba.njit(double)
    other: Any = numba.njit(double)
    with watched(told.append):
        kernel(1)
        assert told == [0, 1]
        kernel(2)
    other(1.0)
    assert told == [0, 1]
