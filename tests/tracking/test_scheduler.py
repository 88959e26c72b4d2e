from collections.abc import Iterator

import numpy as np
import pytest

from bodychan.tracking.models import ModelFiles
from bodychan.tracking.region import Region
from bodychan.tracking.scheduler import Scheduler, ahead

IMAGE = np.random.default_rng(5).integers(0, 256, (120, 160, 3), dtype=np.uint8)
REGIONS = [Region(40.0 + 15 * i, 60.0, 90.0, 0.1 * i) for i in range(5)]


def test_any_number_of_threads_gives_the_same_bytes_in_the_order_of_the_regions(
    model_files: ModelFiles,
) -> None:
    results = []
    for threads in (1, 2, 3):
        scheduler = Scheduler(model_files.landmarks, threads)
        results.append(scheduler.find(IMAGE, REGIONS))
        scheduler.close()
        scheduler.close()
    for found in results:
        assert [f.region for f in found] == REGIONS
        for one, other in zip(found, results[0], strict=True):
            assert one.pixels.tobytes() == other.pixels.tobytes()
            assert one.world.tobytes() == other.world.tobytes()
            assert one.mask.tobytes() == other.mask.tobytes()
            assert one.score == other.score


def test_one_person_and_several_are_seen_the_same(model_files: ModelFiles) -> None:
    scheduler = Scheduler(model_files.landmarks, 2)
    several = scheduler.find(IMAGE, REGIONS)
    alone = scheduler.find(IMAGE, REGIONS[3:4])[0]
    scheduler.close()
    assert alone.pixels.tobytes() == several[3].pixels.tobytes()


def test_nobody_takes_no_time(model_files: ModelFiles) -> None:
    assert Scheduler(model_files.landmarks, 2).find(IMAGE, []) == []


def test_items_come_in_order_with_what_was_prepared_of_each() -> None:
    assert list(ahead(range(20), lambda i: i * i)) == [(i, i * i) for i in range(20)]
    assert list(ahead([], lambda i: i)) == []


def test_where_taking_an_item_fails_those_before_come_first() -> None:
    def source() -> Iterator[int]:
        yield from range(3)
        raise ValueError("broken")

    run = ahead(source(), str)
    assert [next(run) for _ in range(3)] == [(0, "0"), (1, "1"), (2, "2")]
    with pytest.raises(ValueError, match="broken"):
        next(run)


def test_an_error_of_preparing_comes_in_the_place_of_its_item() -> None:
    run = ahead([1.0, 0.0, 2.0], lambda x: 1 / x)
    assert next(run) == (1.0, 1.0)
    with pytest.raises(ZeroDivisionError):
        next(run)
