"""THE parameter tables of the Kinect Azure operators, a class for each page.

Names, labels, pages and menus are TouchDesigner's, but for the rows and pages that are marked as ours; those
are off by default. Defaults are this project's where TouchDesigner's are not known.
"""

from bodychan.channels.filters import Holt, OneEuro
from bodychan.operators.parameters import (
    Parameters,
    file,
    menu,
    number,
    pulse,
    reference,
    text,
    toggle,
    whole,
)
from bodychan.operators.tables import CommonPage
from bodychan.tracking.registry import TRACKERS

MAX_PLAYERS = 16

# fmt: off
IMAGES = (
    ("color", "Color"), ("colorremap", "Color Aligned to Depth"),
    ("depth", "Depth"), ("depthremap", "Depth Aligned to Color"),
    ("ir", "Infrared"), ("irremap", "Infrared Aligned to Color"),
    ("playerindex", "Player Index"), ("playerindexremap", "Player Index Aligned to Color"),
    ("pointcloud", "Point Cloud"), ("pointcloudremap", "Point Cloud Aligned to Color"),
)
"""The images of a TOP."""

_LIBRARIES = (("microsoft", "Microsoft Kinect Azure"), ("orbbec", "Orbbec Compatible (Femto Mega, Femto Bolt, ...)"))
_RATES = (("fps5", "5"), ("fps15", "15"), ("fps30", "30"))
_SIZES = tuple((size, size) for size in ("1280x720", "1920x1080", "2560x1440", "2048x1536", "3840x2160", "4096x3072"))
_FORMATS = (("mjpg", "MJPG"), ("nv12", "NV12"), ("yuy2", "YUY2"), ("bgra", "BGRA"))
_DEPTH_MODES = (
    ("narrowunbinned", "Narrow FOV Unbinned 640x576"), ("widebinned", "Wide FOV 2x2 Binned 512x512"),
    ("narrowbinned", "Narrow FOV 2x2 Binned 320x288"), ("wideunbinned", "Wide FOV Unbinned 1024x1024"),
    ("passiveir", "Passive IR 1024x1024"),
)
_TRACKERS = (("builtin", "Built-in"), ("k4abt", "Microsoft k4abt"))
_PROCESSING = (("gpudefault", "GPU (Default)"), ("cpu", "CPU"), ("directml", "DirectML"))
_MOUNTED = (("default", "Default"), ("cw90", "Clockwise 90"), ("ccw90", "Counter-Clockwise 90"), ("flipped", "Flipped 180"))
_MAINS = (("50hz", "50 Hz"), ("60hz", "60 Hz"))
_SYNC = (("standalone", "Standalone"), ("master", "Master"), ("subordinate", "Subordinate"))
_POLICIES = (
    ("compact", "Compact"), ("sticky", "Sticky"), ("nearest", "Nearest First"),
    ("leftright", "Left to Right"), ("fixedid", "Fixed IDs"),
)
_FILTERS = (("none", "None"), ("oneeuro", "One Euro"), ("holt", "Holt Double Exponential"))
_LEVELS = (("imu", "IMU"), ("manual", "Manual"))


class CameraPage(Parameters, page="Kinect Azure"):
    active          = toggle("Active", True, "Connects to the camera. When off, the operators that rely on it get nothing either.")
    library         = menu("Hardware Type", _LIBRARIES, "microsoft", "Whose library drives the camera that 'sensor' names by serial number or index.")
    sensor          = file("Sensor", "synthetic:walk", "Serial number or index of a camera, the path of a recording, or synthetic:SCENE.")
    fps             = menu("Camera FPS", _RATES, "fps30", "Frame rate of a live camera; recordings and scenes bring their own.")
    colorres        = menu("Color Resolution", _SIZES, "1280x720", "Colour resolution of a live camera; recordings and scenes bring their own.")
    depthmode       = menu("Depth Mode", _DEPTH_MODES, "narrowunbinned", "Depth mode of a live camera; recordings and scenes bring their own.")
    colorformat     = menu("Color Format", _FORMATS, "mjpg", "Format in which a live camera gives its colour images; all but MJPG and BGRA exist in 1280x720 only.", ours=True)
    depthsize       = text("Depth Size", "", "Size of the depth images of a live camera that has none of these modes, such as 848x480; empty takes what it measures best in.", ours=True)
    colorsize       = text("Color Size", "", "Size of the colour images of such a camera, such as 640x480; empty takes what is nearest to 'colorres'.", ours=True)
    tracker         = menu("Body Tracker", _TRACKERS, "builtin", "What finds the bodies: the tracker of this project, Microsoft's k4abt where that is installed, or one that another package has registered.", more=TRACKERS.names, ours=True)
    modelpath       = file("Body Tracking Model", "", "k4abt's ONNX file; empty takes the usual one. The built-in tracker has its own inside.")
    proccessingmode = menu("Body Tracking Processing Mode", _PROCESSING, "gpudefault", "Where k4abt computes; the built-in tracker always uses the CPU.")
    gpu             = whole("Body Tracking GPU Device", 0, (0, 15), "", "Number of the GPU that k4abt uses.")
    orientation     = menu("Sensor Orientation", _MOUNTED, "default", "How the camera is mounted, so that the tracker sees people upright.")


class ImageRows(Parameters, page="Kinect Azure"):
    image       = menu("Image", IMAGES, "depth", "Which image the TOP gives.")
    remapimage  = toggle("Align Image to Other Camera", False, "Gives the image as the other camera sees it.")
    bodyimage   = toggle("Sync Image to Body Tracking", False, "Delays the image to the capture that the newest bodies came from.")
    mirrorimage = toggle("Mirror Image", False, "Flips the image left to right.")


class OldCpuRow(Parameters, page="Kinect Azure"):
    cpu = toggle("CPU Body Tracking", False, "The older form of processing mode CPU.")


class ColorPage(Parameters, page="Color"):
    resetcolors        = pulse("Reset Color Controls", "Sets every colour control back to its default.")
    enablecolors       = toggle("Enable Color Controls", False, "Sends the controls of this page to a live camera.")
    manualexposure     = toggle("Manual Exposure", False, "Uses 'exposure' instead of the automatic.")
    exposure           = whole("Exposure Time", 16_670, (500, 133_330), "µs", "Exposure of the colour camera; shorter than a frame.")
    manualwhitebalance = toggle("Manual White Balance", False, "Uses 'whitebalance' instead of the automatic.")
    whitebalance       = whole("White Balance", 4500, (2500, 12_500), "K", "Colour temperature, rounded to 10.")
    brightness         = whole("Brightness", 128, (0, 255), "", "Brightness of the colour image.")
    contrast           = whole("Contrast", 5, (0, 10), "", "Contrast of the colour image.")
    saturation         = whole("Saturation", 32, (0, 63), "", "Saturation of the colour image.")
    sharpness          = whole("Sharpness", 2, (0, 4), "", "Sharpness of the colour image.")
    gain               = whole("Gain", 128, (0, 255), "", "Gain of the colour image.")
    backlight          = toggle("Backlight Compensation", False, "Brightens what stands before a bright wall.")
    powerfreq          = menu("Powerline Frequency", _MAINS, "60hz", "Frequency of the mains, whose flicker is avoided.")


class TimingPage(Parameters, page="Timing"):
    depthdelay = whole("Depth Image Delay", 0, (-200_000, 200_000), "µs", "Time from the colour image to the depth image.")
    syncmode   = menu("Wired Sync Mode", _SYNC, "standalone", "Part of the camera in a chain of several.")
    subdelay   = whole("Subordinate Delay", 0, (0, 200_000), "µs", "Time from the master's image to this one's.")


class SelectRows(Parameters, page="Kinect Azure"):
    active = toggle("Active", True, "Takes images from the TOP; when off, the image is black.")
    top    = reference("Kinect Azure TOP", "Name of the Kinect Azure TOP.")


class BodiesPage(Parameters, page="Kinect Azure"):
    active           = toggle("Active", True, "Takes the bodies of the TOP; when off, every channel is 0.")
    top              = reference("Kinect Azure TOP", "Name of the Kinect Azure TOP of the camera.")
    maxplayers       = whole("Max Players", 1, (1, MAX_PLAYERS), "", "How many players have channels. Those without a body are 0.")
    relbonerotations = toggle("Relative Bone Rotations", False, "Rotation of each joint about X, Y, Z relative to its parent, degrees.")
    absbonerotations = toggle("Absolute Bone Rotations", False, "Rotation of each joint about X, Y, Z relative to the world, degrees.")
    bonelengths      = toggle("Bone Lengths", False, "Distance of each joint from its parent, metres.")
    worldspace       = toggle("World Space Positions", True, "Position of each joint, metres.")
    colorspace       = toggle("Color Image Positions", False, "Position of each joint in the colour image, 0 to 1.")
    depthspace       = toggle("Depth Image Positions", False, "Position of each joint in the depth image, 0 to 1.")
    aspectcorrectuv  = toggle("Aspect Correct UVs", False, "Scales v by the image's height over its width, so that u and v have one unit.")
    flipimagev       = toggle("Mirror Image V Positions", False, "Puts 0, 0 at the top left of the images.")
    flipskelu        = toggle("Mirror U Positions", False, "Mirrors u, for images that are shown mirrored.")
    confidence       = toggle("Bone Confidence", False, "How sure each joint is: 0 out of range, 1 predicted, 2 seen.")
    imuchans         = toggle("IMU Channels", False, "Temperature in °C, acceleration in m/s² and rotation in rad/s of the camera.")


class PlayersPage(Parameters, page="Players", ours=True):
    slotpolicy     = menu("Slot Policy", _POLICIES, "compact", "Which body becomes p1, which p2: as they come, the others moving up when one leaves; each keeping its place; the nearest first; from left to right; or by the ids in 'slotids'.")
    slotids        = text("Slot IDs", "", "Body ids for Fixed IDs, that of p1 first: '4 9'. An id of 0 leaves its place empty.")
    slothysteresis = number("Slot Hysteresis", 0.15, (0.0, 10.0), "m", "How far two bodies must be in the wrong order before Nearest First or Left to Right changes it, and how far outside a zone or limit a body must be to leave.", (0.0, 1.0))
    slotdwell      = number("Slot Dwell", 0.5, (0.0, 60.0), "s", "How long they must be so.", (0.0, 5.0))
    holdtime       = number("Hold Time", 0.0, (0.0, 60.0), "s", "How long a body that is lost keeps its place and its last pose.", (0.0, 5.0))
    nearlimit      = number("Near Limit", 0.0, (0.0, 100.0), "m", "Bodies nearer to the camera are left out.", (0.0, 6.0))
    farlimit       = number("Far Limit", 0.0, (0.0, 100.0), "m", "Bodies farther from the camera are left out; 0 is no limit.", (0.0, 6.0))
    zone           = toggle("Zone", False, "Leaves out bodies whose pelvis, as its channels show it, is outside the zone.")
    zoneminx       = number("Zone Least X", -2.0, (-100.0, 100.0), "m", "Of the zone.", (-5.0, 5.0))
    zonemaxx       = number("Zone Greatest X", 2.0, (-100.0, 100.0), "m", "Of the zone.", (-5.0, 5.0))
    zoneminy       = number("Zone Least Y", -2.0, (-100.0, 100.0), "m", "Of the zone.", (-5.0, 5.0))
    zonemaxy       = number("Zone Greatest Y", 2.0, (-100.0, 100.0), "m", "Of the zone.", (-5.0, 5.0))
    zoneminz       = number("Zone Least Z", 0.0, (-100.0, 100.0), "m", "Of the zone.", (0.0, 10.0))
    zonemaxz       = number("Zone Greatest Z", 5.0, (-100.0, 100.0), "m", "Of the zone.", (0.0, 10.0))
    statuschans    = toggle("Status Channels", False, "Adds whether the body is seen now, and the seconds since it was first seen.")


class FilterPage(Parameters, page="Filter", ours=True):
    filter       = menu("Filter", _FILTERS, "none", "Takes jitter out of positions and rotations, for some lag, which Info shows as filter_lag.")
    mincutoff    = number("Minimum Cutoff", OneEuro().mincutoff, (0.001, 1000.0), "Hz", "One Euro: cutoff of a joint at rest; lower is calmer.", (0.1, 10.0))
    beta         = number("Beta", OneEuro().beta, (0.0, 1000.0), "Hz per m/s", "One Euro: how much the cutoff rises with a joint's speed; higher lags less.", (0.0, 20.0))
    dcutoff      = number("Speed Cutoff", OneEuro().dcutoff, (0.001, 1000.0), "Hz", "One Euro: cutoff of the speed itself.", (0.1, 10.0))
    smoothing    = number("Smoothing", Holt().smoothing, (0.0, 0.999), "", "Holt: share of the past; 0 is no smoothing.")
    correction   = number("Correction", Holt().correction, (0.0, 1.0), "", "Holt: how fast the trend follows; higher corrects sooner.")
    prediction   = number("Prediction", Holt().prediction, (0.0, 30.0), "frames", "Holt: how far the result looks ahead, in frames of 1/30 s.", (0.0, 5.0))
    jitterradius = number("Jitter Radius", Holt().jitterradius, (0.0, 1.0), "m", "Holt: motions smaller than this are damped.", (0.0, 0.2))
    maxdeviation = number("Maximum Deviation", Holt().maxdeviation, (0.0, 1.0), "m", "Holt: the result is never farther than this from what the tracker saw.", (0.0, 0.2))
    unrollbones  = toggle("Unroll Bone Rotations", False, "Rotations go on beyond ±180° instead of jumping to the other end.")


class SpacePage(Parameters, page="Space", ours=True):
    levelworld   = toggle("Level World", False, "Turns positions and rotations so that +Y is truly up, floor at 0.")
    levelsource  = menu("Level Source", _LEVELS, "imu", "Where up comes from: gravity in the camera's IMU, or 'cameratilt'.")
    cameratilt   = number("Camera Tilt", 0.0, (-90.0, 90.0), "°", "How far the camera looks down; for the Manual source.")
    cameraheight = number("Camera Height", 0.0, (-100.0, 100.0), "m", "Height of the camera over the floor, which comes to lie at y = 0.", (0.0, 4.0))
    mirrorbodies = toggle("Mirror Bodies", False, "Shows each person as a mirror does: x negated, left and right swapped.")


class FusionPage(Parameters, page="Fusion", ours=True):
    tops = text("Kinect Azure TOPs", "", "Names or patterns of the Kinect Azure TOPs of the rig's cameras, split by spaces.")
    rig  = file("Rig", "", "TOML file with the poses of the cameras; bodychan calibrate makes it.")


class NamingRow(Parameters, page="Kinect Azure", ours=True):
    namingtable = file("Naming Table", "", "TOML file with other names for the suffixes and IMU channels whose TouchDesigner names are not certain.")
# fmt: on


class TopTable(CameraPage, ImageRows, OldCpuRow, ColorPage, TimingPage):
    """Of the Kinect Azure TOP."""


class SelectTable(SelectRows, ImageRows):
    """Of the Kinect Azure Select TOP."""


class ChopTable(BodiesPage, PlayersPage, FilterPage, SpacePage, NamingRow, CommonPage):
    """Of the Kinect Azure CHOP."""


class FusionTable(FusionPage, ChopTable):
    """Of the Fusion CHOP."""

    top = None  # type: ignore[assignment]  # it has `tops`


_OF_CAMERA = ("library", "sensor", "fps", "colorres", "depthmode", "depthdelay", "syncmode", "subdelay")
_OF_TRACKER = ("tracker", "modelpath", "proccessingmode", "gpu", "orientation", "cpu")
REOPENING = frozenset(_OF_CAMERA + _OF_TRACKER)
"""Parameters of the TOP of which a new value opens the camera and the tracker anew."""

OTHER_CAMERA = {
    name: name.removesuffix("remap") + ("" if name.endswith("remap") else "remap") for name, _ in IMAGES
}
"""The same image as the other camera sees it."""


def image_camera(image: str) -> str:
    """Say whose pixels an image of the menu has: "depth" or "color"."""
    return "color" if image.startswith("color") != image.endswith("remap") else "depth"
