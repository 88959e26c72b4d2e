"""What is left of an output whose process is killed in the middle."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_WRITER = """
import sys, time
from bodychan import open_output
from takes import take

output = open_output(sys.argv[1])
for channels in take([tuple(map(int, there.split("+"))) if there else () for there in sys.argv[2:]]):
    output.write(channels)
print("written", flush=True)
time.sleep(600)
"""


def killed_while_writing(path: Path, ids: Sequence[Sequence[int]], options: str = "") -> Path:
    """Write the channels of takes.take in another process, kill it, and give the partial file that is left.

    Args:
        path: the final name.
        ids: who is there in each capture.
        options: of the target, `?names=mixamo`.
    """
    folders = [str(Path(__file__).parent), *sys.path]
    there = ["+".join(map(str, bodies)) for bodies in ids]
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {folders!r}\n{_WRITER}"]
    with subprocess.Popen(
        [*command, f"{path}{options}", *there], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.kill()
    assert not path.exists()
    return path.with_name(f"{path.stem}.partial{path.suffix}")
