import numpy as np

from bodychan.tracking.models import ModelFiles
from bodychan.tracking.region import Region
from bodychan.tracking.scheduler import Scheduler

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
