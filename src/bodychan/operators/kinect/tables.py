"""THE parameter tables, one per operator.

Names, labels, pages and menus are TouchDesigner's; defaults are this project's where TouchDesigner's are not
known.
"""

from bodychan.operators.kinect.own_tables import FILTER, PLAYERS, SPACE
from bodychan.operators.parameters import Kind, Parameter, Value

MAX_PLAYERS = 16

_AZURE, _COLOR, _TIMING = "Kinect Azure", "Color", "Timing"


def _toggle(name: str, label: str, default: bool, text: str, page: str = _AZURE) -> Parameter:
    return Parameter(name, label, page, Kind.TOGGLE, default, text)


def _menu(
    name: str, label: str, default: str, text: str, items: tuple[tuple[str, str], ...], page: str = _AZURE
) -> Parameter:
    return Parameter(name, label, page, Kind.MENU, default, text, menu=items)


def _number(
    name: str, label: str, page: str, default: int, text: str, span: tuple[int, int], unit: str = ""
) -> Parameter:
    return Parameter(name, label, page, Kind.INT, default, text, *span, unit=unit)


def _text(name: str, label: str, default: Value, text: str) -> Parameter:
    return Parameter(name, label, _AZURE, Kind.STRING, default, text)


IMAGES = (
    ("color", "Color"),
    ("colorremap", "Color Aligned to Depth"),
    ("depth", "Depth"),
    ("depthremap", "Depth Aligned to Color"),
    ("ir", "Infrared"),
    ("irremap", "Infrared Aligned to Color"),
    ("playerindex", "Player Index"),
    ("playerindexremap", "Player Index Aligned to Color"),
    ("pointcloud", "Point Cloud"),
    ("pointcloudremap", "Point Cloud Aligned to Color"),
)
"""The images of a TOP."""

_IMAGE_ROWS = (
    _menu("image", "Image", "depth", "Which image the TOP gives.", IMAGES),
    _toggle(
        "remapimage", "Align Image to Other Camera", False, "Gives the image as the other camera sees it."
    ),
    _toggle(
        "bodyimage",
        "Sync Image to Body Tracking",
        False,
        "Delays the image to the capture that the newest bodies came from.",
    ),
    _toggle("mirrorimage", "Mirror Image", False, "Flips the image left to right."),
)

SELECT_TOP = (
    _toggle("active", "Active", True, "Takes images from the TOP; when off, the image is black."),
    Parameter("top", "Kinect Azure TOP", _AZURE, Kind.OPERATOR, "", "Name of the Kinect Azure TOP."),
    *_IMAGE_ROWS,
)

TOP = (
    _toggle(
        "active",
        "Active",
        True,
        "Connects to the camera. When off, the operators that rely on it get nothing either.",
    ),
    _menu(
        "library",
        "Hardware Type",
        "microsoft",
        "Whose library drives the camera that 'sensor' names by serial number or index.",
        (
            ("microsoft", "Microsoft Kinect Azure"),
            ("orbbec", "Orbbec Compatible (Femto Mega, Femto Bolt, ...)"),
        ),
    ),
    _text(
        "sensor",
        "Sensor",
        "synthetic:walk",
        "Serial number or index of a camera, the path of a recording, or synthetic:SCENE.",
    ),
    _menu(
        "fps",
        "Camera FPS",
        "fps30",
        "Frame rate of a live camera; recordings and scenes bring their own.",
        (("fps5", "5"), ("fps15", "15"), ("fps30", "30")),
    ),
    _menu(
        "colorres",
        "Color Resolution",
        "1280x720",
        "Colour resolution of a live camera; recordings and scenes bring their own.",
        tuple(
            (size, size)
            for size in ("1280x720", "1920x1080", "2560x1440", "2048x1536", "3840x2160", "4096x3072")
        ),
    ),
    _menu(
        "depthmode",
        "Depth Mode",
        "narrowunbinned",
        "Depth mode of a live camera; recordings and scenes bring their own.",
        (
            ("narrowunbinned", "Narrow FOV Unbinned 640x576"),
            ("widebinned", "Wide FOV 2x2 Binned 512x512"),
            ("narrowbinned", "Narrow FOV 2x2 Binned 320x288"),
            ("wideunbinned", "Wide FOV Unbinned 1024x1024"),
            ("passiveir", "Passive IR 1024x1024"),
        ),
    ),
    Parameter(
        "tracker",
        "Body Tracker",
        _AZURE,
        Kind.MENU,
        "builtin",
        "What finds the bodies: the tracker of this project, or Microsoft's k4abt where that is installed.",
        menu=(("builtin", "Built-in"), ("k4abt", "Microsoft k4abt")),
        ours=True,
    ),
    _text(
        "modelpath",
        "Body Tracking Model",
        "",
        "k4abt's ONNX file; empty takes the usual one. The built-in tracker has its own inside.",
    ),
    _menu(
        "proccessingmode",
        "Body Tracking Processing Mode",
        "gpudefault",
        "Where k4abt computes; the built-in tracker always uses the CPU.",
        (("gpudefault", "GPU (Default)"), ("cpu", "CPU"), ("directml", "DirectML")),
    ),
    _number("gpu", "Body Tracking GPU Device", _AZURE, 0, "Number of the GPU that k4abt uses.", (0, 15)),
    _menu(
        "orientation",
        "Sensor Orientation",
        "default",
        "How the camera is mounted, so that the tracker sees people upright.",
        (
            ("default", "Default"),
            ("cw90", "Clockwise 90"),
            ("ccw90", "Counter-Clockwise 90"),
            ("flipped", "Flipped 180"),
        ),
    ),
    *_IMAGE_ROWS,
    _toggle("cpu", "CPU Body Tracking", False, "The older form of processing mode CPU."),
    Parameter(
        "resetcolors",
        "Reset Color Controls",
        _COLOR,
        Kind.PULSE,
        False,
        "Sets every colour control back to its default.",
    ),
    _toggle(
        "enablecolors",
        "Enable Color Controls",
        False,
        "Sends the controls of this page to a live camera.",
        _COLOR,
    ),
    _toggle("manualexposure", "Manual Exposure", False, "Uses 'exposure' instead of the automatic.", _COLOR),
    _number(
        "exposure",
        "Exposure Time",
        _COLOR,
        16_670,
        "Exposure of the colour camera; shorter than a frame.",
        (500, 133_330),
        "µs",
    ),
    _toggle(
        "manualwhitebalance",
        "Manual White Balance",
        False,
        "Uses 'whitebalance' instead of the automatic.",
        _COLOR,
    ),
    _number(
        "whitebalance",
        "White Balance",
        _COLOR,
        4500,
        "Colour temperature, rounded to 10.",
        (2500, 12_500),
        "K",
    ),
    _number("brightness", "Brightness", _COLOR, 128, "Brightness of the colour image.", (0, 255)),
    _number("contrast", "Contrast", _COLOR, 5, "Contrast of the colour image.", (0, 10)),
    _number("saturation", "Saturation", _COLOR, 32, "Saturation of the colour image.", (0, 63)),
    _number("sharpness", "Sharpness", _COLOR, 2, "Sharpness of the colour image.", (0, 4)),
    _number("gain", "Gain", _COLOR, 128, "Gain of the colour image.", (0, 255)),
    _toggle(
        "backlight", "Backlight Compensation", False, "Brightens what stands before a bright wall.", _COLOR
    ),
    _menu(
        "powerfreq",
        "Powerline Frequency",
        "60hz",
        "Frequency of the mains, whose flicker is avoided.",
        (("50hz", "50 Hz"), ("60hz", "60 Hz")),
        _COLOR,
    ),
    _number(
        "depthdelay",
        "Depth Image Delay",
        _TIMING,
        0,
        "Time from the colour image to the depth image.",
        (-200_000, 200_000),
        "µs",
    ),
    _menu(
        "syncmode",
        "Wired Sync Mode",
        "standalone",
        "Part of the camera in a chain of several.",
        (("standalone", "Standalone"), ("master", "Master"), ("subordinate", "Subordinate")),
        _TIMING,
    ),
    _number(
        "subdelay",
        "Subordinate Delay",
        _TIMING,
        0,
        "Time from the master's image to this one's.",
        (0, 200_000),
        "µs",
    ),
)

_OF_CAMERA = ("library", "sensor", "fps", "colorres", "depthmode", "depthdelay", "syncmode", "subdelay")
_OF_TRACKER = ("tracker", "modelpath", "proccessingmode", "gpu", "orientation", "cpu")

CONTROL_DEFAULTS: dict[str, int | None] = {
    "exposure": None,
    "whitebalance": None,
    "brightness": 128,
    "contrast": 5,
    "saturation": 32,
    "sharpness": 2,
    "gain": 128,
    "backlight": 0,
    "powerfreq": 2,
}
"""The colour controls of a device that are sent, at the parameters' defaults; None = automatic."""

REOPENING = frozenset(_OF_CAMERA + _OF_TRACKER)
"""Parameters of the TOP of which a new value opens the camera and the tracker anew."""

OTHER_CAMERA = {
    name: name.removesuffix("remap") + ("" if name.endswith("remap") else "remap") for name, _ in IMAGES
}
"""The same image as the other camera sees it."""


def image_camera(image: str) -> str:
    """Say whose pixels an image of the menu has: "depth" or "color"."""
    return "color" if image.startswith("color") != image.endswith("remap") else "depth"


INFO = (
    Parameter("op", "Operator", "Info", Kind.OPERATOR, "", "Name of the operator to tell of."),
    Parameter("iscope", "Scope", "Info", Kind.STRING, "*", "Pattern of the Info channels to give."),
)

CHOP = (
    _toggle("active", "Active", True, "Takes the bodies of the TOP; when off, every channel is 0."),
    Parameter(
        "top", "Kinect Azure TOP", _AZURE, Kind.OPERATOR, "", "Name of the Kinect Azure TOP of the camera."
    ),
    _number(
        "maxplayers",
        "Max Players",
        _AZURE,
        1,
        "How many players have channels. Those without a body are 0.",
        (1, MAX_PLAYERS),
    ),
    _toggle(
        "relbonerotations",
        "Relative Bone Rotations",
        False,
        "Rotation of each joint about X, Y, Z relative to its parent, degrees.",
    ),
    _toggle(
        "absbonerotations",
        "Absolute Bone Rotations",
        False,
        "Rotation of each joint about X, Y, Z relative to the world, degrees.",
    ),
    _toggle("bonelengths", "Bone Lengths", False, "Distance of each joint from its parent, metres."),
    _toggle("worldspace", "World Space Positions", True, "Position of each joint, metres."),
    _toggle(
        "colorspace", "Color Image Positions", False, "Position of each joint in the colour image, 0 to 1."
    ),
    _toggle(
        "depthspace", "Depth Image Positions", False, "Position of each joint in the depth image, 0 to 1."
    ),
    _toggle(
        "aspectcorrectuv",
        "Aspect Correct UVs",
        False,
        "Scales v by the image's height over its width, so that u and v have one unit.",
    ),
    _toggle("flipimagev", "Mirror Image V Positions", False, "Puts 0, 0 at the top left of the images."),
    _toggle("flipskelu", "Mirror U Positions", False, "Mirrors u, for images that are shown mirrored."),
    _toggle(
        "confidence", "Bone Confidence", False, "How sure each joint is: 0 out of range, 1 predicted, 2 seen."
    ),
    _toggle(
        "imuchans",
        "IMU Channels",
        False,
        "Temperature in °C, acceleration in m/s² and rotation in rad/s of the camera.",
    ),
    *PLAYERS,
    *FILTER,
    *SPACE,
)
