import threading
from pathlib import Path

import numpy as np
from training.bodies import Bank
from training.stream import CHUNK, FIRST, FRESH, WINDOW, Reader, make, newest_chunk


def test_steps_read_chunks_in_order_as_fast_as_new_samples_are_wanted() -> None:
    numbers = [newest_chunk(step, 64) for step in range(2000)]
    assert numbers[0] == FIRST
    assert numbers == sorted(numbers)
    assert (numbers[-1] - FIRST) * CHUNK <= 2000 * 64 * FRESH < (numbers[-1] - FIRST + 1) * CHUNK


def test_two_makers_fill_what_a_reader_waits_for_and_drop_what_no_window_holds(
    bank: Bank, tmp_path: Path
) -> None:
    folder, stop = tmp_path / "chunks", tmp_path / "stop"
    folder.mkdir()
    (folder / "chunk_000001.npz").write_bytes(b"of long ago")
    (folder / "progress").write_text(str(WINDOW + 2))
    few = bank.only(slice(0, 4))
    makers = [threading.Thread(target=make, args=(few, folder, 1, stop, (k, 2))) for k in range(2)]
    for maker in makers:
        maker.start()
    reader = Reader(folder)
    held = reader.at(WINDOW + 2)
    stop.touch()
    for maker in makers:
        maker.join()
    assert len(held) == WINDOW
    assert all(len(chunk.depth) == CHUNK for chunk in held)
    assert not np.array_equal(held[0].depth, held[1].depth)
    assert not (folder / "chunk_000001.npz").exists()
