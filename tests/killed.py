"""What is left of an output whose process is killed in the middle."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bodychan.outputs.targets import split

_WRITER = """
import sys, time
from bodychan import open_output
from takes import take

outputs = [open_output(target) for target in sys.argv[1].splitlines()]
ids = [tuple(map(int, there.split("+"))) if there else () for there in sys.argv[2:]]
for channels in take(ids):
    for output in outputs:
        output.write(channels)
print("written", flush=True)
time.sleep(600)
"""


def killed_while_writing(ids: Sequence[Sequence[int]], *targets: Path | str) -> Path:
    """Write the channels of takes.take in another process, and kill it.

    Args:
        ids: who is there in each capture.
        targets: where they go.

    Returns:
        The partial file that is left of the first.
    """
    folders = [str(Path(__file__).parent), *sys.path]
    there = ["+".join(map(str, bodies)) for bodies in ids]
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {folders!r}\n{_WRITER}"]
    command += ["\n".join(map(str, targets)), *there]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.kill()
    path = Path(split(targets[0])[0])
    assert not path.exists()
    return path.with_name(f"{path.stem}.partial{path.suffix}")
