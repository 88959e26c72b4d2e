import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import numpy as np
import pytest

from bodychan.model.arrays import F32, U8
from bodychan.tracking.blazepose import pool as scheduling
from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.landmarks import Landmarks, part_of
from bodychan.tracking.blazepose.models import ModelFiles
from bodychan.tracking.blazepose.pool import Scheduler, ahead, processors
from bodychan.tracking.blazepose.view import View

IMAGE = np.random.default_rng(5).integers(0, 256, (120, 160, 3), dtype=np.uint8)
REGIONS = [Region(40.0 + 15 * i, 60.0, 90.0, 0.1 * i) for i in range(5)]


@pytest.fixture
def open_scheduler(model_files: ModelFiles) -> Iterator[Callable[[int], Scheduler]]:
    opened: list[Scheduler] = []

    def open_one(threads: int) -> Scheduler:
        opened.append(Scheduler(model_files.landmarks, threads))
        return opened[-1]

    yield open_one
    for scheduler in opened:
        scheduler.close()
        scheduler.close()


def find(scheduler: Scheduler, regions: list[Region], image: U8 = IMAGE) -> list[Landmarks]:
    return list(scheduler.find([image] * len(regions), regions))


def prepared(view: View | Exception | None) -> "Future[View | None]":
    future: Future[View | None] = Future()
    if isinstance(view, Exception):
        future.set_exception(view)
    else:
        future.set_result(view)
    return future


def assert_same(found: list[Landmarks], expected: list[Landmarks]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.region == other.region
        assert one.pixels.tobytes() == other.pixels.tobytes()
        assert one.world.tobytes() == other.world.tobytes()
        assert one.mask.tobytes() == other.mask.tobytes()
        assert one.score == other.score


def test_any_number_of_threads_gives_the_same_bytes_in_the_order_of_the_regions(
    open_scheduler: Callable[[int], Scheduler],
) -> None:
    results = [find(open_scheduler(threads), REGIONS) for threads in (1, 2, 3, 5)]
    assert [f.region for f in results[0]] == REGIONS
    for found in results:
        assert_same(found, results[0])


@pytest.mark.parametrize("people", [1, 2, 4])
def test_few_people_and_several_are_seen_the_same(
    open_scheduler: Callable[[int], Scheduler], people: int
) -> None:
    scheduler = open_scheduler(4)
    several = find(scheduler, REGIONS)
    assert_same(find(scheduler, REGIONS[:people]), several[:people])


def test_each_region_is_looked_at_in_its_own_image(open_scheduler: Callable[[int], Scheduler]) -> None:
    images = [IMAGE, IMAGE[:, ::-1].copy()]
    alone = [find(open_scheduler(1), REGIONS[:1], image)[0] for image in images]
    assert_same(list(open_scheduler(2).find(images, REGIONS[:1] * 2)), alone)


def test_nobody_takes_no_time(open_scheduler: Callable[[int], Scheduler]) -> None:
    assert find(open_scheduler(2), []) == []


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[U8]:
    """The images that the network was run on, run by run."""
    seen: list[U8] = []

    def noted(image: U8, region: Region) -> F32:
        seen.append(image)
        return part_of(image, region)

    monkeypatch.setattr(scheduling, "part_of", noted)
    return seen


def test_what_was_begun_is_not_done_again(
    open_scheduler: Callable[[int], Scheduler], looks: list[U8]
) -> None:
    scheduler = open_scheduler(2)
    image = IMAGE[:, ::-1].copy()
    coming: Future[View | None] = Future()
    scheduler.begin(coming, REGIONS[:3], 3)
    assert not looks  # it waits until the image is prepared
    coming.set_result(View(image, "depth"))
    begun = find(scheduler, REGIONS[:3], image)
    assert len(looks) == 3
    assert_same(begun, find(open_scheduler(2), REGIONS[:3], image))


def test_more_can_be_begun_of_the_same_image_while_it_is_prepared(
    open_scheduler: Callable[[int], Scheduler], looks: list[U8]
) -> None:
    scheduler = open_scheduler(2)
    image = IMAGE[:, ::-1].copy()
    coming: Future[View | None] = Future()
    scheduler.begin(coming, REGIONS[:1], 3)
    scheduler.begin(coming, REGIONS[:2], 3)
    coming.set_result(View(image, "depth"))
    scheduler.wait_for_begun()
    found = find(scheduler, REGIONS[:3], image)
    assert [one.region for one in found] == REGIONS[:3]
    assert len(looks) == 3


@pytest.mark.parametrize(
    ("coming", "regions"),
    [
        (View(IMAGE.copy(), "depth"), REGIONS[:2]),
        (View(IMAGE, "depth"), REGIONS[1:3]),
        (None, REGIONS[:2]),
        (ValueError("broken"), REGIONS[:2]),
    ],
    ids=["another image", "other regions", "no image", "a broken image"],
)
def test_what_was_begun_for_something_else_does_not_count(
    open_scheduler: Callable[[int], Scheduler],
    looks: list[U8],
    coming: View | Exception | None,
    regions: list[Region],
) -> None:
    scheduler = open_scheduler(2)
    expected = find(scheduler, REGIONS[:2])
    looks.clear()
    scheduler.begin(prepared(coming), regions, 2)
    assert_same(find(scheduler, REGIONS[:2]), expected)
    assert sum(image is IMAGE for image in looks) >= 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process to some processors")
def test_a_process_that_is_kept_to_one_processor_counts_one() -> None:
    allowed = os.sched_getaffinity(0)
    assert processors() == len(allowed)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert processors() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_elsewhere_all_processors_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert processors() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors() == 1


def test_items_come_in_order_with_what_was_prepared_of_each_and_of_the_next() -> None:
    items = [(i, made, coming and coming.result()) for i, made, coming in ahead(range(20), lambda i: i * i)]
    assert items == [(i, i * i, (i + 1) ** 2 if i < 19 else None) for i in range(20)]
    assert list(ahead([], lambda i: i)) == []


def test_where_taking_an_item_fails_those_before_come_first() -> None:
    def source() -> Iterator[int]:
        yield from range(3)
        raise ValueError("broken")

    run = ahead(source(), str)
    assert [next(run)[:2] for _ in range(3)] == [(0, "0"), (1, "1"), (2, "2")]
    with pytest.raises(ValueError, match="broken"):
        next(run)


def test_an_error_of_preparing_comes_in_the_place_of_its_item() -> None:
    run = ahead([1.0, 0.0, 2.0], lambda x: 1 / x)
    assert next(run)[:2] == (1.0, 1.0)
    with pytest.raises(ZeroDivisionError):
        next(run)
