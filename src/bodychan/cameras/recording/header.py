"""What an Azure Kinect recording says of itself before its first image: tracks, modes, tags, calibration."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from av.container import InputContainer
from av.packet import Packet
from av.stream import AttachmentStream, Stream
from av.video.stream import VideoStream

from bodychan.cameras.color import COLOR_FORMATS, color_bytes
from bodychan.cameras.recording.matroska import IMU_SAMPLE
from bodychan.errors import CalibrationError, RecordingError
from bodychan.optics.calibration import Calibration, made_by_orbbec
from bodychan.optics.modes import (
    COLOR_RESOLUTIONS,
    DEFAULT_COLOR_RESOLUTION,
    DEFAULT_DEPTH_MODE,
    DEPTH_MODES,
    FRAME_RATES,
    named,
    one_named,
    size_name,
)

_NAMES = {"color": ("COLOR",), "depth": ("DEPTH",), "ir": ("IR", "DEPTH_IR"), "imu": ("IMU",)}
# Enough to meet a sample in the first tenth of a second.
_PACKETS_FOR_START = 100
_RECORD_AGAIN = "record again with k4arecorder or 'Save recording' of a K4A viewer"


@dataclass(frozen=True, slots=True)
class Track:
    """A track of images. `size` is (width, height) pixels, `format` b16g or a colour format.

    `delay_ns` is added to an image's time to synchronise it with the other camera's; `image_bytes` the size
    of every image, None where each has its own.
    """

    index: int
    format: str
    size: tuple[int, int]
    delay_ns: int
    image_bytes: int | None


@dataclass(frozen=True, slots=True)
class Header:
    """What a recording says of itself.

    `tracks` holds "color", "depth" and "ir" as far as there are; `imu` the index of the inertial track;
    `start_usec` is the device time at which the recording starts.
    """

    tracks: dict[str, Track]
    imu: int | None
    fps: int
    period_ns: int
    start_usec: int
    tags: dict[str, str]
    calibration: Calibration
    warnings: tuple[str, ...]


def read_header(container: InputContainer, name: str) -> Header:
    """Read the header of an opened recording.

    Raises:
        RecordingError: the file is not an Azure Kinect recording, or what it says of itself is damaged.
    """
    streams = {kind: stream for kind in _NAMES if (stream := _find(container, kind)) is not None}
    tags = _tags(container)
    images = {kind: s for kind, s in streams.items() if kind != "imu" and isinstance(s, VideoStream)}
    if not images:
        raise RecordingError(
            f"{name} is a Matroska file but no Azure Kinect recording: it has {_listed(container)}; "
            "such recordings have tracks DEPTH and IR, and are made by k4arecorder"
        )
    depth_mode = _depth_mode(name, tags, images)
    mode = depth_mode or DEFAULT_DEPTH_MODE
    fps, period_ns = _rate(name, images, any_rate=one_named(mode, DEPTH_MODES).foreign)
    delay = _integer(name, tags, "K4A_DEPTH_DELAY_NS") or 0
    tracks: dict[str, Track] = {
        kind: _depth_track(name, kind, images[kind], mode, max(0, -delay))
        for kind in ("depth", "ir")
        if kind in images
    }
    warnings = []
    resolution = DEFAULT_COLOR_RESOLUTION
    if "color" in images:
        color = _color_track(images["color"], max(0, delay))
        found = color and _color_resolution(tags, color.size)
        if color and found:
            tracks["color"] = color
            resolution = found
        else:
            warnings.append(_unusable_color(name, images["color"]))
    start_ns = _integer(name, tags, "K4A_START_OFFSET_NS")
    calibration = _calibration(container, name, tags, mode, resolution)
    if depth_mode is None:
        tags["K4A_DEPTH_MODE"] = "OFF"
    if "color" not in tracks:
        tags["K4A_COLOR_MODE"] = "OFF"
    return Header(
        tracks,
        streams["imu"].index if "imu" in streams else None,
        fps,
        period_ns,
        _start_from_samples(container, streams.get("imu")) if start_ns is None else start_ns // 1000,
        tags,
        calibration,
        (*warnings, *(f"{name}: {text}" for text in calibration.warnings)),
    )


def _find(container: InputContainer, kind: str) -> Stream | None:
    """Find a track by the tag that points at it, else by its name."""
    tag = f"K4A_{_NAMES[kind][0]}_TRACK"
    for stream in container.streams:
        if tag in stream.metadata:
            return stream
    for stream in container.streams:
        if stream.metadata.get("title") in _NAMES[kind]:
            return stream
    return None


def _tags(container: InputContainer) -> dict[str, str]:
    """Collect the recording's tags; FFmpeg gives its own, of no use here, names in lower case."""
    tags: dict[str, str] = {}
    sources: list[Mapping[str, str]] = [container.metadata, *(s.metadata for s in container.streams)]
    for source in sources:
        tags.update({key: value for key, value in source.items() if key.isupper()})
    return tags


def _listed(container: InputContainer) -> str:
    names = [
        f"{stream.type} {stream.metadata['title']!r}" if "title" in stream.metadata else str(stream.type)
        for stream in container.streams
    ]
    return "the tracks " + ", ".join(names) if names else "no tracks"


def _integer(name: str, tags: dict[str, str], tag: str) -> int | None:
    try:
        return int(tags[tag]) if tag in tags else None
    except ValueError:
        raise RecordingError(
            f"{name}: the tag {tag} must be a whole number, is {tags[tag]!r}; correct it with mkvpropedit"
        ) from None


def _start_from_samples(container: InputContainer, imu: Stream | None) -> int:
    """Derive the start, whose tag a recorder adds late, from a sample that has both times; 0 without."""
    for packet in islice(container.demux(), _PACKETS_FOR_START):
        if imu is not None and packet.stream.index == imu.index and packet.size == IMU_SAMPLE.size:
            return int(IMU_SAMPLE.unpack(bytes(packet))[0]) // 1000 - packet_usec(packet)
    return 0


def packet_usec(packet: "Packet[Stream]") -> int:
    """Give a packet's time in the file in microseconds; recordings count in them, other muxers may not."""
    base = packet.time_base
    assert packet.pts is not None
    return packet.pts * 10**6 * base.numerator // base.denominator


def _depth_mode(name: str, tags: dict[str, str], images: dict[str, VideoStream]) -> str | None:
    """Give the depth mode; None where there is neither depth nor infrared."""
    if not images.keys() & {"depth", "ir"}:
        return None
    # Early recorders spelled the modes with a small x.
    mode = tags.get("K4A_DEPTH_MODE", "").upper()
    if not mode and "depth" not in images:
        # The tag goes with the depth track, and an infrared image's size leaves one mode.
        context = images["ir"].codec_context
        sizes = {known.size: key for key, known in DEPTH_MODES.items() if known.range_mm is not None}
        active = sizes.get((context.width, context.height), "") if context else ""
        mode = "PASSIVE_IR" if tags.get("K4A_IR_MODE") == "PASSIVE" else active
    if named(mode, DEPTH_MODES) is None:
        said = f"an unknown depth mode {mode!r}" if mode else "no depth mode (tag K4A_DEPTH_MODE)"
        raise RecordingError(f"{name} names {said}; there are: {', '.join(DEPTH_MODES)}")
    return mode


def _rate(name: str, images: dict[str, VideoStream], *, any_rate: bool) -> tuple[int, int]:
    """Give the frame rate, an Azure Kinect's or any, and the period in ns that all image tracks share."""
    rates = {kind: round(float(stream.average_rate or 0)) for kind, stream in images.items()}
    if len(set(rates.values())) > 1:
        listed = ", ".join(f"{kind} {rate}" for kind, rate in rates.items())
        raise RecordingError(
            f"{name}: the tracks differ in frame rate ({listed} per second); {_RECORD_AGAIN}"
        )
    fps = next(iter(rates.values()))
    if fps not in FRAME_RATES and not (any_rate and fps > 0):
        raise RecordingError(f"{name} has {fps} frames per second; an Azure Kinect makes 5, 15 or 30")
    return fps, 10**9 // fps


def _depth_track(name: str, kind: str, stream: VideoStream, mode: str, delay_ns: int) -> Track:
    if _fourcc(stream) != "b16g":
        raise RecordingError(
            f"{name}: the {kind.upper()} track is in format {_fourcc(stream)!r} instead of b16g; "
            f"{_RECORD_AGAIN}"
        )
    size = (stream.codec_context.width, stream.codec_context.height)
    w, h = one_named(mode, DEPTH_MODES).size
    if size != (w, h):
        raise RecordingError(
            f"{name}: the {kind.upper()} track is {size[0]}x{size[1]}, but depth mode {mode} is {w}x{h}; "
            "correct the tag K4A_DEPTH_MODE or record again"
        )
    return Track(stream.index, "b16g", size, delay_ns, size[0] * size[1] * 2)


def _color_track(stream: VideoStream, delay_ns: int) -> Track | None:
    code = _fourcc(stream)
    if code not in COLOR_FORMATS:
        return None
    size = (stream.codec_context.width, stream.codec_context.height)
    return Track(stream.index, code, size, delay_ns, color_bytes(code, *size))


def _color_resolution(tags: dict[str, str], size: tuple[int, int]) -> str | None:
    """Give an Azure Kinect's resolution, or the size where the recording says that it is called by it."""
    for name, mode in COLOR_RESOLUTIONS.items():
        if mode.size == size:
            return name
    said = tags.get("K4A_COLOR_MODE", "").partition("_")[2]
    return said if said == size_name(size) else None


def _fourcc(stream: VideoStream) -> str:
    # A track in a codec that FFmpeg does not know has no context, whatever the annotations say.
    context = stream.codec_context
    try:
        return str(context.codec_tag) if context else ""
    except UnicodeDecodeError:
        return ""


def _unusable_color(name: str, stream: VideoStream) -> str:
    context = stream.codec_context
    size = f"{context.width}x{context.height} " if context else ""
    return (
        f"{name}: colour is left out: {size}{_fourcc(stream)!r} is no colour mode of an Azure Kinect "
        f"({', '.join(COLOR_FORMATS)} in {', '.join(COLOR_RESOLUTIONS)})"
    )


def _calibration(
    container: InputContainer, name: str, tags: dict[str, str], mode: str, resolution: str
) -> Calibration:
    wanted = tags.get("K4A_CALIBRATION_FILE", "calibration.json")
    for stream in container.streams:
        if isinstance(stream, AttachmentStream) and stream.metadata.get("filename") == wanted:
            orbbec = made_by_orbbec(tags.get("K4A_DEVICE_SERIAL_NUMBER", ""))
            try:
                return Calibration.from_json(stream.data, mode, resolution, metric_radius_test=not orbbec)
            except CalibrationError as error:
                raise RecordingError(f"{name}: its calibration cannot be used: {error}") from error
    raise RecordingError(
        f"{name} carries no calibration (attachment {wanted}); "
        f"add the device's with mkvpropedit --add-attachment, or {_RECORD_AGAIN}"
    )
