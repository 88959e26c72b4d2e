"""The network: a crop of depth and infrared in, 32 joints with uncertainty and visibility out.

Stride-2 convolutions and bottlenecks down to 4x4 cells, back up to 16x16; there every joint has six maps:
where to read, two offsets, depth, log sigma and visibility. A joint's numbers are the means of its maps,
weighted by the softmax of the first. One more number says whether somebody is there at all.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from bodychan.model.skeleton import Joint

JOINTS, SIZE = 32, 128
CHANNELS = 4
"""Depth relative to the crop's, whether there is any, size of the crop, infrared."""
_CELLS, _MAPS = 16, 6
_REACH = 0.25
"""Offsets are in units of a quarter of the crop."""
_LARGEST_LOG_SIGMA = 2.0
_LITTLE, _MUCH = (
    ("NOSE", "EYE", "EAR"),
    ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE"),
)
COUNTS = torch.tensor(
    [0.5 if joint.part in _LITTLE else 1.5 if joint.part in _MUCH else 1.0 for joint in Joint]
)
"""What each joint's place counts in the loss: a body hangs on its limbs and their roots; of a face few pixels
are seen. (Fingers at a half as well made wrists turn 3° worse.)"""


def _layer(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class _Bottleneck(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        out = nn.Conv2d(half, width, 1, bias=False)
        self.f = nn.Sequential(_layer(width, half, 1), _layer(half, half), out, nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.f(x))


def _stage(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*[_Bottleneck(width) for _ in range(count)])


class Network(nn.Module):
    """See above. `width` scales the number of channels; 1 has 2.0 million weights.

    Gives the joints (N, 32, 5): place in the crop (0 to 1), depth over the crop's side, log sigma of the
    three in units of the side, logit of being seen; and the logit of presence (N,).
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        a, b, c, d, e = (int(n * width) // 8 * 8 for n in (40, 96, 192, 256, 128))
        self.stem = nn.Sequential(_layer(CHANNELS, 16, 3, 2), _layer(16, a, 3, 2))
        self.l1 = _stage(a, 1)
        self.d2, self.l2 = _layer(a, b, 3, 2), _stage(b, 3)
        self.d3, self.l3 = _layer(b, c, 3, 2), _stage(c, 3)
        self.d4, self.l4 = _layer(c, d, 3, 2), _stage(d, 3)
        self.u3, self.m3 = nn.Conv2d(d, c, 1, bias=False), _Bottleneck(c)
        self.u2, self.k2 = nn.Conv2d(c, e, 1, bias=False), nn.Conv2d(b, e, 1, bias=False)
        self.n2, self.m2 = nn.BatchNorm2d(e), _stage(e, 1)
        self.head = nn.Conv2d(e, JOINTS * _MAPS, 1)
        self.presence = nn.Linear(d, 1)
        grid = (torch.arange(_CELLS) + 0.5) / _CELLS
        self.register_buffer("gu", grid.repeat(_CELLS, 1).reshape(1, 1, -1), persistent=False)
        self.register_buffer("gv", grid[:, None].repeat(1, _CELLS).reshape(1, 1, -1), persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Look at crops (N, 4, 128, 128)."""
        fine = self.l2(self.d2(self.l1(self.stem(x))))
        middle = self.l3(self.d3(fine))
        coarse = self.l4(self.d4(middle))
        middle = self.m3(functional.relu(middle + _twice(self.u3(coarse))))
        fine = self.m2(functional.relu(self.n2(self.k2(fine) + _twice(self.u2(middle)))))
        maps = self.head(fine).float().reshape(-1, JOINTS, _MAPS, _CELLS * _CELLS)
        share = torch.softmax(maps[:, :, 0], -1)
        u = (share * (self.gu + _REACH * maps[:, :, 1])).sum(-1)
        v = (share * (self.gv + _REACH * maps[:, :, 2])).sum(-1)
        rest = [(share * maps[:, :, k]).sum(-1) for k in (3, 4, 5)]
        there = self.presence(coarse.float().mean(dim=(2, 3)))[:, 0]
        return torch.stack([u, v, *rest], -1), there


def _twice(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


def grown(state: Mapping[str, Tensor], network: Network) -> dict[str, Tensor]:
    """Fit weights to begin with to the network: an earlier training's, also of a narrower network.

    A wider network does at first what the narrower one did: nobody listens to its new channels, which begin
    at random (as in Net2Net, Chen et al. 2015, without copies of channels).
    """
    out = {name: value.clone() for name, value in network.state_dict().items()}
    for name, value in state.items():
        known = tuple(slice(size) for size in value.shape)
        if value.dim() > 1:
            out[name][: len(value), value.shape[1] :] = 0
        out[name][known] = value
    return out


def loss(found: Tensor, there: Tensor, joints: Tensor, seen: Tensor, present: Tensor) -> Tensor:
    """Give the loss of a batch: Laplace likelihood and distance of the joints, visibility, presence.

    Args:
        found: (N, 32, 5), see `Network`.
        there: (N,).
        joints: (N, 32, 3) true.
        seen: (N, 32) 1 where a joint is seen.
        present: (N,) 1 where somebody is there; the others' joints do not count.
    """
    u, v = joints[..., 0], joints[..., 1]
    inside = (u > -0.05) & (u < 1.05) & (v > -0.05) & (v < 1.05)
    weight = (inside.float() * 0.98 + 0.02) * present[:, None]  # what lies outside can only be guessed
    weight = weight * COUNTS.to(weight.device)
    off = (found[..., :3] - joints).abs()
    off = torch.where(off < 0.01, off * off / 0.02 + 0.005, off).sum(-1)
    log_sigma = found[..., 3].clamp(-6.0, _LARGEST_LOG_SIGMA)
    total = weight.sum() + 1e-6
    placed = (weight * (off * torch.exp(-log_sigma) + 3 * log_sigma)).sum() / total
    near = 5 * (weight * off).sum() / total
    visible = functional.binary_cross_entropy_with_logits(found[..., 4], seen, reduction="none")
    visible = (visible * present[:, None]).sum() / (JOINTS * present.sum() + 1e-6)
    presence = functional.binary_cross_entropy_with_logits(there, present)
    return placed + near + 0.5 * visible + 0.5 * presence
