"""THE mode table: the depth modes and colour resolutions of Azure Kinect and Femto devices.

Sizes, frame rates and operating ranges are those of Microsoft's hardware specification; the crops are those
of its sensor SDK (src/transformation/mode_specific_calibration.c), the numbers those of its k4atypes.h.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mode:
    """How a mode makes its image: the whole sensor is binned to `binned`, then cropped at `crop` to `size`.

    These are (x, y) in pixels. `max_fps` is the highest frame rate, `k4a` the number in the k4a API,
    `touchdesigner` the name in the menus of TouchDesigner's Kinect Azure TOP.
    """

    binned: tuple[int, int]
    crop: tuple[int, int]
    size: tuple[int, int]
    max_fps: int
    k4a: int
    touchdesigner: str
    range_mm: tuple[float, float] | None = None
    """The nearest and farthest depth that the maker specifies; None where the mode measures none."""


# binned, crop, size, max_fps, k4a, touchdesigner, range_mm
DEPTH_MODES: dict[str, Mode] = {
    "NFOV_2X2BINNED": Mode((512, 512), (96, 90), (320, 288), 30, 1, "narrowbinned", (500.0, 5460.0)),
    "NFOV_UNBINNED": Mode((1024, 1024), (192, 180), (640, 576), 30, 2, "narrowunbinned", (500.0, 3860.0)),
    "WFOV_2X2BINNED": Mode((512, 512), (0, 0), (512, 512), 30, 3, "widebinned", (250.0, 2880.0)),
    "WFOV_UNBINNED": Mode((1024, 1024), (0, 0), (1024, 1024), 15, 4, "wideunbinned", (250.0, 2210.0)),
    "PASSIVE_IR": Mode((1024, 1024), (0, 0), (1024, 1024), 30, 5, "passiveir"),
}
"""Depth modes by the name that recordings use."""

COLOR_RESOLUTIONS: dict[str, Mode] = {
    "720P": Mode((1280, 960), (0, 120), (1280, 720), 30, 1, "1280x720"),
    "1080P": Mode((1920, 1440), (0, 180), (1920, 1080), 30, 2, "1920x1080"),
    "1440P": Mode((2560, 1920), (0, 240), (2560, 1440), 30, 3, "2560x1440"),
    "1536P": Mode((2048, 1536), (0, 0), (2048, 1536), 30, 4, "2048x1536"),
    "2160P": Mode((3840, 2880), (0, 360), (3840, 2160), 30, 5, "3840x2160"),
    "3072P": Mode((4096, 3072), (0, 0), (4096, 3072), 15, 6, "4096x3072"),
}
"""Colour resolutions by the name that recordings use."""

DEFAULT_DEPTH_MODE = "NFOV_UNBINNED"
DEFAULT_COLOR_RESOLUTION = "720P"
"""The modes of a device, unless it is asked for others."""

FRAME_RATES = (5, 15, 30)
"""Frame rates of a recording; a Femto device also has 25."""
