"""What formats of skeletons call the joints: as the SDK does, or in the manner of Mixamo's rigs."""

from collections.abc import Mapping

from bodychan.model.skeleton import Joint

NAMES = ("sdk", "mixamo")
"""The values of the option `names`."""

_CENTRE = {
    "PELVIS": "Hips",
    "SPINE_NAVEL": "Spine",
    "SPINE_CHEST": "Spine1",
    "NECK": "Neck",
    "HEAD": "Head",
    "NOSE": "Nose",
}
_SIDES = {
    "CLAVICLE": "Shoulder",
    "SHOULDER": "Arm",
    "ELBOW": "ForeArm",
    "WRIST": "Hand",
    "HAND": "HandMiddle1",
    "HANDTIP": "HandMiddle4",
    "THUMB": "HandThumb4",
    "HIP": "UpLeg",
    "KNEE": "Leg",
    "ANKLE": "Foot",
    "FOOT": "ToeBase",
    "EYE": "Eye",
    "EAR": "Ear",
}


def joint_names(style: str) -> Mapping[Joint, str]:
    """Give the name of every joint in a style of `NAMES`."""
    if style == "sdk":
        return {joint: joint.name for joint in Joint}
    found = {}
    for joint in Joint:
        part, _, side = joint.name.rpartition("_")
        found[joint] = _CENTRE.get(joint.name) or side.capitalize() + _SIDES[part]
    return found
