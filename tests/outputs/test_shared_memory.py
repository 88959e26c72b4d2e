import os
import subprocess
import sys
import threading
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np
import pytest

from bodychan import Channels, open_output, testing
from bodychan.errors import OutputError
from bodychan.outputs.shared_memory import ROWS, SharedMemoryReader
from skeletons import row

NAME = f"bodychan-test-{os.getpid()}"
URL = f"shm://{NAME}"


def channels(*values: float) -> Channels:
    return Channels(("timestamp", "a"), np.array([[1e6 * v for v in values], values]), 60.0)


def test_it_keeps_to_the_contract() -> None:
    readers: list[SharedMemoryReader] = []

    class Watched:
        """Opens a reader with the first row: a block is gone when its writer is."""

        def __init__(self, output: Any) -> None:
            self._output = output
            self.newest_only = output.newest_only

        def __enter__(self) -> None:
            self._output.__enter__()

        def __exit__(self, *error: Any) -> None:
            self._output.__exit__(*error)

        def write(self, item: Channels) -> None:
            self._output.write(item)
            if not readers:
                readers.append(SharedMemoryReader(NAME))

        def close(self) -> None:
            self._output.close()

    def received() -> list[Channels]:
        with readers[0] as reader:
            found = reader.rows()
            columns = [(one.values.astype(float), one.device_usec) for one in found]
            for column, usec in columns:
                column[1] = usec
            return [Channels(reader.names, column[:, None].copy(), 30.0) for column, _ in columns]

    testing.check_output(lambda: Watched(open_output(URL)), received)  # type: ignore[arg-type,return-value]


def test_another_process_reads_names_and_the_newest_row() -> None:
    code = f"""
from bodychan.outputs.shared_memory import SharedMemoryReader
with SharedMemoryReader("{NAME}") as reader:
    row, head = reader.latest(), reader.names.index("p1/head:ty")
    print(head, row.number, row.device_usec, row.values[head])
"""
    with open_output(URL) as output:
        sample = row(1, ("worldspace",), {"p1/head:ty": 1.5, "timestamp": 9_024_231_234_567})
        output.write(sample)
        for _ in range(2):  # a reader that ends does not take the block away
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            want = f"{sample.names.index('p1/head:ty')} 1 9024231234567 1.5\n"
            assert (done.stdout, done.stderr) == (want, "")


def test_a_reader_gets_every_row_once_and_knows_what_it_missed() -> None:
    with open_output(URL) as output:
        output.write(channels(1.0, 2.0))
        with SharedMemoryReader(NAME) as reader:
            assert [one.values[1] for one in reader.rows()] == [1, 2]
            assert reader.rows() == []
            for value in range(200):
                output.write(channels(float(value)))
            found = [one.values[1] for one in reader.rows()]
            assert found == list(range(200 - len(found), 200))
            assert ROWS - 2 <= len(found) <= ROWS
            assert reader.lost == 200 - len(found)
            newest = reader.latest()
            assert newest is not None
            assert (newest.number, newest.device_usec) == (202, 199_000_000)
            assert not reader.ended
            output.close()
            assert reader.ended


def test_rows_are_never_torn() -> None:
    names = tuple(f"c{i}" for i in range(2000))
    wide = [Channels(names, np.full((2000, 1), float(value)), 60.0) for value in range(50)]
    stop = threading.Event()
    with open_output(URL) as output:
        output.write(wide[0])

        def write() -> None:
            while not stop.is_set():
                for one in wide:
                    output.write(one)

        thread = threading.Thread(target=write)
        thread.start()
        with SharedMemoryReader(NAME) as reader:
            for _ in range(300):
                newest = reader.latest()
                assert newest is not None
                assert newest.values.min() == newest.values.max()
        stop.set()
        thread.join()


def test_when_the_channels_change_readers_are_told_to_open_anew() -> None:
    with open_output(URL) as output:
        output.write(channels(1.0))
        with SharedMemoryReader(NAME) as before:
            output.write(Channels(("b",), np.ones((1, 1)), 60.0))
            assert before.ended
            with SharedMemoryReader(NAME) as after:
                assert after.names == ("b",)


def test_two_writers_strangers_and_missing_blocks_are_told() -> None:
    with pytest.raises(OutputError, match="nobody writes there: start one with"):
        SharedMemoryReader(NAME)
    with open_output(URL) as output, open_output(URL) as other:
        output.write(channels(1.0))
        with pytest.raises(OutputError, match="is written by another process: choose another name"):
            other.write(channels(1.0))
    block = SharedMemory(NAME, create=True, size=100)
    try:
        with (
            pytest.raises(OutputError, match="something else has shared memory of that name"),
            open_output(URL) as one,
        ):
            one.write(channels(1.0))
        with pytest.raises(OutputError, match="is no block of channels of version 1"):
            SharedMemoryReader(NAME)
    finally:
        from multiprocessing import resource_tracker

        resource_tracker.register(f"/{NAME}", "shared_memory")
        block.close()
        block.unlink()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the system removes it with its process")
def test_what_a_process_that_was_killed_has_left_is_replaced() -> None:
    code = f"""
import os, signal
import numpy as np
from bodychan import Channels, open_output
output = open_output("{URL}")
output.write(Channels(("old",), np.ones((1, 1)), 60.0))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    with SharedMemoryReader(NAME) as left:
        assert left.names == ("old",)
    with open_output(URL) as output:
        output.write(channels(1.0))
        with SharedMemoryReader(NAME) as reader:
            assert reader.names == ("timestamp", "a")


@pytest.mark.parametrize("url", ["shm://", "shm://a/b", "shm://ä", "shm:a", f"shm://{'a' * 31}"])
def test_a_wrong_name_is_refused(url: str) -> None:
    with pytest.raises(OutputError, match=r"write it as shm://bodychan"):
        open_output(url)
