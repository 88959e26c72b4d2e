"""THE mode table: the depth modes and colour resolutions of Azure Kinect and Femto devices.

Other cameras have modes of their own, which are called by the size of their images, such as 848X480.

Sizes, frame rates and operating ranges are those of Microsoft's hardware specification; the crops are those
of its sensor SDK (src/transformation/mode_specific_calibration.c), the numbers those of its k4atypes.h.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mode:
    """How a mode makes its image: the whole sensor is binned to `binned`, then cropped at `crop` to `size`.

    These are (x, y) in pixels. `max_fps` is the highest frame rate, `k4a` the number in the k4a API,
    `touchdesigner` the name in the menus of TouchDesigner's Kinect Azure TOP. A mode of another camera has no
    number and no such name, and nothing is known of its sensor beyond its image.
    """

    binned: tuple[int, int]
    crop: tuple[int, int]
    size: tuple[int, int]
    max_fps: int
    k4a: int
    touchdesigner: str
    range_mm: tuple[float, float] | None = None
    """The nearest and farthest depth that the maker specifies; None where the mode measures none."""

    @property
    def foreign(self) -> bool:
        """Whether it is a mode of a camera that is neither an Azure Kinect nor a Femto."""
        return self.k4a == 0

    @property
    def lit(self) -> bool:
        """Whether its infrared image shows by how much surfaces reflect the camera's own light.

        Of another camera it may show the room's light, or a pattern.
        """
        return not self.foreign


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

_SIZE = re.compile(r"([1-9][0-9]{1,3})X([1-9][0-9]{1,3})")
_DEPTH_IMAGE_MM = (1.0, 65_535.0)


def size_name(size: tuple[int, int]) -> str:
    """Give the name of a mode of another camera, by the (width, height) of its images."""
    return f"{size[0]}X{size[1]}"


def named(name: str, table: Mapping[str, Mode]) -> Mode | None:
    """Give a mode of a table, or another camera's mode by the size that it is called by; None for no name.

    A depth mode of another camera measures whatever a depth image can hold: its maker's range is not known.
    """
    found = _SIZE.fullmatch(name)
    if name in table or found is None:
        return table.get(name)
    size = int(found[1]), int(found[2])
    return Mode(size, (0, 0), size, 1000, 0, "", _DEPTH_IMAGE_MM)


def one_named(name: str, table: Mapping[str, Mode]) -> Mode:
    """Give the mode of a name that is known to be one; see `named`."""
    mode = named(name, table)
    assert mode is not None, f"{name} is no mode"
    return mode
