"""Decoding of colour images to RGB, and encoding of JPEGs."""

from fractions import Fraction

import numpy as np
from av.codec.context import CodecContext
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from bodychan.cameras.faults import Faults
from bodychan.errors import CameraError, did_you_mean
from bodychan.model.arrays import U8
from bodychan.model.capture import ColorImage

_JPEG_END = b"\xff\xd9"

COLOR_FORMATS = {"MJPG": 24, "NV12": 12, "YUY2": 16, "BGRA": 32}
"""The formats of colour images by their four-letter code, and the bits per pixel that a recording states."""


def color_bytes(image_format: str, width: int, height: int) -> int | None:
    """Give the size of a colour image's data in bytes; None for MJPG, where each image has its own."""
    return None if image_format == "MJPG" else width * height * COLOR_FORMATS[image_format] // 8


def decode_color(image: ColorImage, where: str = "colour image") -> U8:
    """Decode a colour image to (height, width, 3) uint8 RGB; safe to call from several threads.

    NV12 and YUY2 are taken as BT.601 with limited range, MJPG as JFIF says: BT.601 with full range.

    Args:
        image: the image as the camera or file holds it.
        where: file and time of the image, for the message of an error.

    Raises:
        CameraError: the format is unknown, or the data are not an image of that format and size.
    """
    if image.format not in COLOR_FORMATS:
        raise CameraError(
            f"{where}: no colour format '{image.format}': {did_you_mean(image.format, COLOR_FORMATS)}"
        )
    expected = color_bytes(image.format, image.width, image.height)
    if expected is not None and len(image.data) != expected:
        raise CameraError(
            f"{where}: a {image.width}x{image.height} {image.format} image takes {expected} bytes, "
            f"this has {len(image.data)}"
        )
    if image.format == "BGRA":
        pixels = np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 4)
        return np.ascontiguousarray(pixels[..., 2::-1])
    frame = _decode_jpeg(image, where) if image.format == "MJPG" else _raw_frame(image)
    # Starting threads for the conversion takes longer (0.6 ms at 720p) than it does on one (0.3 ms).
    rgb = VideoReformatter().reformat(frame, format="rgb24", threads=1)
    return np.ascontiguousarray(rgb.to_ndarray())


def decode_or_note(image: ColorImage, where: str, faults: Faults) -> U8 | None:
    """Decode a colour image, or note that it is damaged and give None.

    One damaged image must not end a recording or a show: depth and infrared go on.
    """
    try:
        return decode_color(image, where)
    except CameraError as error:
        faults.note("color", f"{error}; this capture has no colour")
        return None


def _decode_jpeg(image: ColorImage, where: str) -> VideoFrame:
    # Devices may pad behind the end marker, and no data before it can contain it.
    if image.data.rfind(_JPEG_END) <= 0:
        raise CameraError(f"{where}: the JPEG of {len(image.data)} bytes is damaged (it has no end)")
    # A context takes 5 µs to make, so each image gets its own and threads share nothing.
    codec = CodecContext.create("mjpeg", "r")
    assert isinstance(codec, VideoCodecContext)
    # Without this a damaged image comes out grey from the damage on.
    codec.options = {"err_detect": "explode"}
    try:
        frames = codec.decode(Packet(image.data)) or codec.decode(None)
    except FFmpegError as error:
        raise CameraError(
            f"{where}: the JPEG of {len(image.data)} bytes is damaged ({error.strerror})"
        ) from error
    if not frames or (frames[0].width, frames[0].height) != (image.width, image.height):
        size = f"{frames[0].width}x{frames[0].height}" if frames else "no"
        raise CameraError(f"{where}: the JPEG holds a {size} image instead of {image.width}x{image.height}")
    return frames[0]


def _raw_frame(image: ColorImage) -> VideoFrame:
    pixels = np.frombuffer(image.data, np.uint8)
    if image.format == "NV12":
        frame = VideoFrame.from_ndarray(pixels.reshape(image.height * 3 // 2, image.width), "nv12")
    else:
        frame = VideoFrame.from_ndarray(pixels.reshape(image.height, image.width, 2), "yuyv422")
    frame.colorspace = Colorspace.ITU601
    frame.color_range = ColorRange.MPEG
    return frame


def encode_jpeg(picture: U8, quantiser: int = 4) -> bytes:
    """Return a picture (H, W, 3) uint8 RGB as a JPEG; the quantiser runs from 2, the best, to 31."""
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return encode_jpeg_frame(frame.reformat(format="yuvj420p"), quantiser)


def encode_jpeg_frame(frame: VideoFrame, quantiser: int) -> bytes:
    """Return a frame in the format yuvj420p as a JPEG; see `encode_jpeg`."""
    encoder = CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 30), 1
    encoder.qmin = encoder.qmax = quantiser
    return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))
