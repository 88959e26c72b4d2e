"""What there is to open: connected cameras, recordings in the folder, synthetic scenes."""

from bodychan.cameras.connected import connected
from bodychan.cameras.registry import RECORDINGS
from bodychan.cameras.synthetic.scenes import SCENES
from bodychan.viewer.events import Found, Sources
from bodychan.viewer.files import Folder


def found(folder: Folder) -> Sources:
    """Look for everything that can be opened; it takes a while, as libraries are asked for devices."""
    return Sources(
        cameras=_cameras(),
        recordings=tuple(Found(name, name) for name in folder.listed(*RECORDINGS)),
        scenes=tuple(Found(f"synthetic:{name}", scene.about) for name, scene in SCENES.items()),
        projects=tuple(Found(name, name) for name in folder.listed(".toml")),
    )


def _cameras() -> tuple[Found, ...]:
    return tuple(
        Found(camera.url, ", ".join((camera.name, *camera.facts)), camera.fault) for camera in connected()
    )
