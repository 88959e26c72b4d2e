import numpy as np
from training.geometry import seed
from training.scene import FLOOR, NOBODY, Canvas, blank
from training.sensor import NONE, _smooth, measure, signal

SIZE = 128


def _wall(distance: float, albedo: float) -> Canvas:
    canvas = blank(SIZE)
    canvas.depth[:], canvas.shows[:], canvas.albedo[:] = distance, NOBODY, albedo
    return canvas


def _many(canvas: Canvas, count: int) -> np.ndarray:
    out = np.zeros((count, SIZE, SIZE), np.int16)
    for k in range(count):
        measure(canvas, signal(canvas, SIZE), 1000 * float(canvas.depth[0, 0]), out[k])
    return out


def test_noise_has_no_bias_and_grows_with_the_distance_and_on_dark_things() -> None:
    seed(4)
    spreads = []
    for distance, albedo in ((1.0, 0.6), (3.0, 0.6), (3.0, 0.2)):
        found = _many(_wall(distance, albedo), 40)
        known = found[found != NONE]
        assert abs(known.mean()) < 1.0
        spreads.append(known.std())
    assert spreads[0] < spreads[1] < spreads[2]


def test_far_floors_are_lost_more_often_than_near_ones() -> None:
    seed(4)
    lost = []
    for distance in (1.0, 4.5):
        canvas = _wall(distance, 0.6)
        canvas.shows[:] = FLOOR
        lost.append((_many(canvas, 40) == NONE).mean())
    assert lost[0] < 0.2 < lost[1]


def test_smoothed_depth_has_less_noise_and_keeps_its_steps() -> None:
    rng = np.random.default_rng(3)
    out = rng.normal(0, 20, (SIZE, SIZE)).astype(np.int16)
    out[:, SIZE // 2 :] += 1000
    out[3, 3] = NONE
    before = out.copy()
    _smooth(out, 1)
    assert out[:, : SIZE // 2][out[:, : SIZE // 2] != NONE].std() < 10
    assert out[3, 3] == NONE
    assert abs(float(out[:, SIZE // 2].mean()) - float(before[:, SIZE // 2].mean())) < 5
