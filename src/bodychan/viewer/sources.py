"""What there is to open: connected cameras, recordings in the folder, synthetic scenes."""

from bodychan.cameras.k4a.camera import MAKERS
from bodychan.cameras.k4a.handles import K4a
from bodychan.cameras.synthetic.scenes import SCENES
from bodychan.errors import DeviceUnavailable
from bodychan.viewer.events import Found, Sources
from bodychan.viewer.files import Folder


def found(folder: Folder) -> Sources:
    """Look for everything that can be opened; it takes a while, as libraries are asked for devices."""
    return Sources(
        cameras=_cameras(),
        recordings=tuple(Found(name, name) for name in folder.listed(".mkv")),
        scenes=tuple(Found(f"synthetic:{name}", scene.about) for name, scene in SCENES.items()),
        projects=tuple(Found(name, name) for name in folder.listed(".toml")),
    )


def _cameras() -> tuple[Found, ...]:
    cameras: list[Found] = []
    for scheme, maker in MAKERS.items():
        try:
            count = K4a(maker.library).device_count()
        except DeviceUnavailable as error:
            cameras.append(Found("", maker.device, str(error)))
            continue
        cameras += [Found(f"{scheme}:{index}", f"{maker.device} {index}") for index in range(count)]
        if not count:
            cameras.append(Found("", maker.device, "none is connected: plug it in, with its power supply"))
    return tuple(cameras)
