import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bodychan.cameras.color import COLOR_FORMATS, decode_color
from bodychan.errors import CameraError
from bodychan.model.arrays import U8
from bodychan.model.capture import ColorImage
from recordings import color_image


def bt601(y: int, u: int, v: int) -> list[int]:
    """ITU-R BT.601 with limited range, as the standard gives it."""
    luma, blue, red = 1.164383 * (y - 16), u - 128, v - 128
    rgb = [luma + 1.596027 * red, luma - 0.391762 * blue - 0.812968 * red, luma + 2.017232 * blue]
    return [round(min(255.0, max(0.0, value))) for value in rgb]


def raw(image_format: str, data: bytes, width: int = 64, height: int = 4) -> ColorImage:
    return ColorImage(image_format, width, height, data, decode_color)


@pytest.mark.parametrize("image_format", COLOR_FORMATS)
def test_every_format_gives_an_rgb_array_in_one_piece(image_format: str) -> None:
    image = color_image(image_format, 100)
    rgb = decode_color(image)
    assert rgb.shape == (image.height, image.width, 3)
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    # The number 100 is a level of 116: of the full range in MJPG and BGRA, of 16 to 235 in the other two.
    expected = 116 if image_format in ("MJPG", "BGRA") else bt601(116, 128, 128)[0]
    assert np.abs(rgb.astype(int) - expected).max() <= 2


@pytest.mark.parametrize("image_format", ["NV12", "YUY2"])
@given(y=st.integers(16, 235), u=st.integers(16, 240), v=st.integers(16, 240))
@settings(max_examples=100)
def test_luma_and_chroma_follow_bt601_with_limited_range(image_format: str, y: int, u: int, v: int) -> None:
    if image_format == "NV12":
        data = bytes([y]) * (64 * 4) + bytes([u, v]) * (64 * 4 // 4)
    else:
        data = bytes([y, u, y, v]) * (64 * 4 // 2)
    rgb = decode_color(raw(image_format, data)).astype(int)
    assert np.abs(rgb - bt601(y, u, v)).max() <= 3


def test_bgra_swaps_the_channels_and_drops_alpha() -> None:
    data = bytes([1, 2, 3, 4]) * (64 * 4)
    assert decode_color(raw("BGRA", data))[2, 5].tolist() == [3, 2, 1]


def test_pixels_keep_their_places() -> None:
    data = np.zeros((4, 64), np.uint8)
    data[3, 40:] = 235
    data[:2] = 100
    rgb = decode_color(raw("NV12", data.tobytes() + b"\x80" * (64 * 4 // 2)))
    assert rgb[3, 50, 0] > 250
    assert rgb[3, 10, 0] < 5
    assert 90 < rgb[0, 0, 0] < 105


def test_a_jpeg_comes_out_as_another_decoder_gives_it() -> None:
    pillow = pytest.importorskip("PIL.Image", reason="Pillow, the second decoder, is not installed")
    ramp = np.zeros((720, 1280, 3), np.uint8)
    ramp[..., 0] = np.linspace(0, 255, 1280)
    ramp[..., 1] = np.linspace(0, 255, 720)[:, None]
    ramp[..., 2] = 90
    buffer = io.BytesIO()
    pillow.fromarray(ramp).save(buffer, "JPEG", quality=95, subsampling="4:2:2")
    expected: U8 = np.asarray(pillow.open(io.BytesIO(buffer.getvalue())).convert("RGB"))
    rgb = decode_color(raw("MJPG", buffer.getvalue(), 1280, 720))
    assert np.abs(rgb.astype(int) - expected.astype(int)).max() <= 4


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6])
def test_a_damaged_jpeg_raises_and_says_where(share: float, capfd: pytest.CaptureFixture[str]) -> None:
    image = color_image("MJPG", 3)
    noisy = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), dtype=np.uint8)
    pillow = pytest.importorskip("PIL.Image", reason="Pillow, which makes the image, is not installed")
    buffer = io.BytesIO()
    pillow.fromarray(noisy).save(buffer, "JPEG")
    data = buffer.getvalue()
    cut = replace(image, data=data[: int(len(data) * share)])
    with pytest.raises(CameraError, match=r"take\.mkv at 1\.5 s: the JPEG"):
        decode_color(cut, "take.mkv at 1.5 s")
    assert capfd.readouterr() == ("", "")


def test_a_jpeg_of_another_size_raises() -> None:
    with pytest.raises(CameraError, match="a 1280x720 image instead of 1920x1080"):
        decode_color(replace(color_image("MJPG", 3), width=1920, height=1080))


@pytest.mark.parametrize("image_format", ["NV12", "YUY2", "BGRA"])
def test_data_of_another_length_raise(image_format: str) -> None:
    image = color_image(image_format, 3)
    with pytest.raises(CameraError, match=r"takes \d+ bytes, this has \d+"):
        decode_color(replace(image, data=image.data[:-1]))


def test_an_unknown_format_raises() -> None:
    with pytest.raises(CameraError, match="did you mean 'MJPG'"):
        decode_color(replace(color_image("MJPG", 3), format="MJPEG"))


def test_images_can_be_decoded_in_several_threads_at_once() -> None:
    images = [color_image("MJPG", number) for number in (10, 60, 110, 160)] * 4
    expected = [decode_color(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        for mine, other in zip(pool.map(decode_color, images), expected, strict=True):
            np.testing.assert_array_equal(mine, other)
