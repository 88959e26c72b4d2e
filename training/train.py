"""The trainer: resumable in pieces, the same for a seed on the same machine."""

import argparse
import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bodychan.model.skeleton import Joint
from training.network import CHANNELS, Network, grown, loss
from training.samples import PRESENT, SIDE_MM, SIZE, VISIBLE, Samples
from training.sensor import NONE
from training.stream import Reader, newest_chunk

BATCH = 64
_WARM_STEPS, _COOL_SHARE = 200, 0.4
_WEIGHT_DECAY, _CLIPPED = 0.02, 5.0
_AVERAGED = 0.998
"""Share of the averaged weights that stays with each step."""
_NO_INFRARED = 0.4
"""Share of samples that the network gets without infrared: it must do with depth alone."""
_SAVE_SECONDS = 120.0
MIRRORED = torch.tensor([int(joint.mirrored) for joint in Joint])


def inputs(
    depth: NDArray[np.int16], infrared: NDArray[np.uint8] | None, side_mm: NDArray[np.float32]
) -> Tensor:
    """Give the network's input (N, 4, S, S) of crops; the same as `bodychan` computes for tracking."""
    x = torch.as_tensor(np.ascontiguousarray(depth)).float()
    known = (x > NONE).float()
    out = torch.zeros(len(x), CHANNELS, SIZE, SIZE).contiguous(memory_format=torch.channels_last)
    out[:, 0] = (x / 1000).clamp(-1, 1) * known
    out[:, 1] = known
    out[:, 2] = (torch.as_tensor(side_mm).float() / 2000 - 1)[:, None, None]
    if infrared is not None:
        q = torch.as_tensor(np.ascontiguousarray(infrared)).float()
        out[:, 3] = ((q - 1) / 100 - 1) * (q > 0)
    return out


@dataclass(frozen=True, slots=True)
class Batch:
    """What the loss needs."""

    x: Tensor
    joints: Tensor
    seen: Tensor
    present: Tensor


def draw(chunks: list[Samples], step: int, seed: int) -> Batch:
    """Draw a batch for a step: mirrored in half of the cases, without infrared in some."""
    rng = np.random.default_rng((seed, step))
    where = rng.integers(0, (len(chunks), len(chunks[0].depth)), (BATCH, 2))
    depth, infrared, joints, visible, about = (
        np.stack([chunk[i] for chunk, i in ((chunks[c][f], i) for c, i in where)])
        for f in range(len(Samples._fields))
    )
    x = inputs(depth, infrared, about[:, SIDE_MM])
    x[torch.as_tensor(rng.random(BATCH) < _NO_INFRARED), 3] = 0
    places, seen = torch.as_tensor(joints), torch.as_tensor(visible == VISIBLE).float()
    flip = torch.as_tensor(rng.random(BATCH) < 0.5)
    turned = places[:, MIRRORED].clone()
    turned[..., 0] = 1 - turned[..., 0]
    return Batch(
        torch.where(flip[:, None, None, None], x.flip(3), x).contiguous(memory_format=torch.channels_last),
        torch.where(flip[:, None, None], turned, places),
        torch.where(flip[:, None], seen[:, MIRRORED], seen),
        torch.as_tensor(about[:, PRESENT]),
    )


@dataclass(slots=True)
class Training:
    """A training as it stands: `network`, its `average` over the steps, optimiser and steps done."""

    network: Network
    average: Network
    optimiser: torch.optim.AdamW
    step: int = 0

    @classmethod
    def begin(cls, start: Path | None, seed: int) -> "Training":
        """Begin with random weights, or the averaged ones of a checkpoint, also of a narrower network."""
        torch.manual_seed(seed)
        network = Network()
        if start is not None:
            state = torch.load(start, map_location="cpu")
            network.load_state_dict(grown(state.get("average", state), network))
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimiser = torch.optim.AdamW(network.parameters(), weight_decay=_WEIGHT_DECAY)
        return cls(network, copy.deepcopy(network), optimiser)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, map_location="cpu")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]

    def save(self, path: Path) -> None:
        """Write a checkpoint; one that is half written never takes the place of a whole one."""
        parts: dict[str, Any] = {
            name: getattr(self, name).state_dict() for name in ("network", "average", "optimiser")
        }
        partial = path.with_suffix(".partial")
        torch.save(parts | {"step": self.step}, partial)
        partial.replace(path)

    def learn(self, batch: Batch, rate: float, device: str) -> float:
        """Make one step; gives its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        x, joints, seen, present = (t.to(device) for t in (batch.x, batch.joints, batch.seen, batch.present))
        with torch.autocast(device, dtype=torch.bfloat16):
            found, there = self.network(x)
        value = loss(found.float(), there.float(), joints, seen, present)
        self.optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _CLIPPED)
        self.optimiser.step()
        self.step += 1
        self._average()
        return float(value.detach())

    @torch.no_grad()
    def _average(self) -> None:
        share = min(_AVERAGED, (self.step + 1) / (self.step + 20))
        pairs = zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True)
        for kept, new in pairs:
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - share)
            else:
                kept.copy_(new)


def rate_at(step: int, steps: int, highest: float) -> float:
    """Give the learning rate: it rises at first, stays, and falls as a cosine over the last steps."""
    done = (step - steps * (1 - _COOL_SHARE)) / (steps * _COOL_SHARE)
    cool = 1.0 if done < 0 else 0.5 * (1 + math.cos(math.pi * min(done, 1.0))) + 1e-3
    return highest * min(1.0, (step + 1) / _WARM_STEPS) * cool


def run(training: Training, reader: Reader, given: argparse.Namespace) -> None:
    """Train up to a number of steps, with checkpoints and a log."""
    out: Path = given.out
    began = saved = time.monotonic()
    first, total = training.step, 0.0
    while training.step < given.steps:
        step = training.step
        batch = draw(reader.at(newest_chunk(step, BATCH)), step, given.seed)
        total += training.learn(batch, rate_at(step, given.steps, given.rate), given.device)
        if time.monotonic() - saved > _SAVE_SECONDS or training.step == given.steps:
            training.save(out / "checkpoint.pt")
            saved, done = time.monotonic(), training.step - first
            speed, rate = done * BATCH / (saved - began), rate_at(step, given.steps, given.rate)
            line = f"step {training.step} samples {training.step * BATCH} loss {total / done:.3f} "
            line += f"{speed:.0f} samples/s rate {rate:.1e}"
            with (out / "log.txt").open("a") as log:
                log.write(line + "\n")


def main() -> None:
    """Train, or go on with a training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chunks", type=Path, help="folder that `training.stream` fills")
    parser.add_argument("out", type=Path, help="folder of checkpoint and log")
    parser.add_argument("--start", type=Path, help="weights to begin with, also of a narrower network")
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    training = Training.begin(given.start, given.seed)
    if (given.out / "checkpoint.pt").exists():
        training.resume(given.out / "checkpoint.pt")
    training.network.to(given.device)
    training.average.to(given.device)
    run(training, Reader(given.chunks), given)


if __name__ == "__main__":
    main()
