from bodychan.tracking.builtin.fit import articulate
from bodychan.tracking.builtin.observe import crop
from bodychan.tracking.builtin.warm import warm_up


def test_the_kernels_are_compiled_afterwards() -> None:
    warm_up()
    assert articulate._settle.signatures
    assert crop._cut.signatures
