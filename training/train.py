"""Trains the image tower: `python -m training.train --data ../shared/data/train --cache .cache --out runs/tower`."""

import argparse
import datetime
import logging
import math
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.batches import Ahead, Batch, RowOrder, make_batch
from training.classes import split_rows
from training.losses import WEIGHTS, Criterion
from training.model import ARCHITECTURE, DIMENSIONS, Average, embed, make_heads, make_tower
from training.photos import Photos, load_photos
from training.targets import Targets, make_targets, soften

logger = logging.getLogger(__name__)

SIZES = ((0.25, 48), (0.72, 64), (0.92, 80), (1.01, 96))
"""Picture size in pixels until each share of the run."""
SEEN = 4096
"""Pictures of the last steps that a picture is told apart from; fewer than an epoch has."""


@dataclass(frozen=True)
class Settings:
    """What a run depends on beside the data."""

    seed: int = 0
    steps: int = 7000
    photos: int = 80
    pairs: int = 40
    drawings: int = 16
    rate: float = 2e-3
    decay: float = 0.05
    warm_up: float = 0.03
    average: float = 0.998
    architecture: str = ARCHITECTURE
    device: str = "cpu"


def size_at(progress: float) -> int:
    """Picture size at a share of the run, in pixels."""
    return next(size for until, size in SIZES if progress < until)


def rate_at(progress: float, settings: Settings) -> float:
    """Learning rate: linear warm-up, then a cosine to zero."""
    if progress < settings.warm_up:
        return settings.rate * (progress / settings.warm_up)
    share = (progress - settings.warm_up) / (1 - settings.warm_up)
    return settings.rate * (0.5 + 0.5 * math.cos(math.pi * min(1.0, share)))


class Clock:
    """How far a run is: by steps, or - with a deadline - by time, so that the rate always ends at zero.

    A run with a deadline sees as many photographs as the machine can show it; only runs by steps are repeatable.
    """

    def __init__(self, steps: int, until: float | None, progress: float = 0.0) -> None:
        self.steps, self.until, self.progress = steps, until, progress
        self._last = time.time()

    def advance(self, step: int) -> float:
        """Progress 0..1 after `step` steps."""
        if self.until is None:
            self.progress = step / self.steps
        else:
            now = time.time()
            left = max(1e-3, self.until - self._last)
            self.progress += (1 - self.progress) * min(1.0, (now - self._last) / left)
            self._last = now
        return self.progress


class Run:
    """A training run that can be stopped and taken up again."""

    def __init__(self, photos: Photos, targets: Targets, order: RowOrder, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.photos, self.order, self.settings = photos, order, settings
        self.tower = make_tower(settings.architecture).to(settings.device)
        heads = make_heads(self.tower, len(targets.labels.names), len(targets.names.names))
        self.heads = heads.to(settings.device)
        self.average = Average(self.tower, settings.average)
        self.log_scale = nn.Parameter(torch.tensor(math.log(40.0), device=settings.device))
        matrices = [p for p in self.tower.parameters() if p.ndim > 1]
        others = [p for p in self.tower.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": settings.decay},
                {"params": [*others, self.log_scale], "weight_decay": 0.0},
                {"params": list(self.heads.parameters()), "weight_decay": settings.decay},
            ],
            lr=settings.rate,
        )
        self.criterion = Criterion(targets, soften(targets.labels, 0.12))
        self.seen = torch.zeros(0, DIMENSIONS, device=settings.device)
        self.step = 0
        self.progress = 0.0

    def batch(self, step: int, size: int) -> Batch:
        """The pictures of a step."""
        mix = self.settings
        return make_batch(self.photos, self.order.at(step), mix.pairs, mix.drawings, size, (mix.seed, step))

    def train_on(self, batch: Batch, progress: float) -> dict[str, float]:
        """One optimiser step; gives the loss terms."""
        self.progress = progress
        for group in self.optimizer.param_groups:
            group["lr"] = rate_at(progress, self.settings)
        self.tower.train()
        vectors, pooled = embed(self.tower, batch.pictures.to(self.settings.device))
        free = {name: head(pooled) for name, head in self.heads.items()}
        generator = np.random.default_rng([self.settings.seed, self.step, 3])
        scale = self.log_scale.exp().clamp(max=100)
        terms = self.criterion.terms(vectors, free, scale, batch, self.seen, generator)
        loss = sum((WEIGHTS[name] * term for name, term in terms.items()), start=vectors.new_zeros(()))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.tower.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self.average.update(self.tower, self.step)
        self.seen = torch.cat([vectors[: len(batch.rows) - batch.pairs].detach(), self.seen])[:SEEN]
        return {"loss": loss.item(), "scale": scale.item(), **{name: term.item() for name, term in terms.items()}}

    def save(self, file: Path) -> None:
        """Everything that is needed to go on, written whole or not at all."""
        state = {
            "step": self.step,
            "progress": self.progress,
            "tower": self.tower.state_dict(),
            "average": self.average.tower.state_dict(),
            "heads": self.heads.state_dict(),
            "log_scale": self.log_scale.detach(),
            "seen": self.seen,
            "optimizer": self.optimizer.state_dict(),
        }
        part = file.with_suffix(".part")
        torch.save(state, part)
        part.replace(file)

    def load(self, file: Path) -> None:
        """Go on where `save` left off."""
        state = torch.load(file, map_location=self.settings.device, weights_only=True)
        self.step, self.progress = state["step"], state["progress"]
        self.tower.load_state_dict(state["tower"])
        self.average.tower.load_state_dict(state["average"])
        self.heads.load_state_dict(state["heads"])
        self.log_scale.data.copy_(state["log_scale"])
        self.seen = state["seen"]
        self.optimizer.load_state_dict(state["optimizer"])


def prepare_run(data: Path, cache: Path, settings: Settings, keep_away: Path | None = None) -> Run:
    """A run at its first step."""
    photos = load_photos(data, cache)
    split = split_rows(photos, keep_away)
    targets = make_targets(photos, split.train, cache)
    logger.info(
        "%d photographs to train on, %d classes, %d names, %d captions",
        len(split.train), len(targets.labels.names), len(targets.names.names), len(targets.drawings.names),
    )  # fmt: skip
    order = RowOrder(split.train, targets.label.numpy(), settings.photos, settings.seed)
    return Run(photos, targets, order, settings)


def train(run: Run, file: Path, until: float | None = None, save_every: float = 300.0, report_every: int = 50) -> None:
    """Train to the end, with a line of progress every 50 steps and a checkpoint every five minutes."""
    clock = Clock(run.settings.steps, until, run.progress)
    ahead = Ahead(run.batch)
    sums: dict[str, float] = defaultdict(float)
    saved = reported = time.time()
    progress = clock.advance(run.step)
    while progress < 1:
        terms = run.train_on(ahead.get(run.step, size_at(progress)), progress)
        progress = clock.advance(run.step)
        for name, value in terms.items():
            sums[name] += value / report_every
        if run.step % report_every == 0:
            seconds, reported = time.time() - reported, time.time()
            views = report_every * (run.settings.photos + run.settings.pairs + run.settings.drawings) / seconds
            line = " ".join(f"{name} {value:.3f}" for name, value in sums.items())
            logger.info("step %d %.1f %% %d px %.0f/s %s", run.step, 100 * progress, size_at(progress), views, line)
            sums.clear()
        if time.time() - saved > save_every:
            run.save(file)
            saved = time.time()
    ahead.close()
    run.save(file)


def deadline(text: str) -> float:
    """'12:35' (UTC) as seconds since 1970, today or tomorrow."""
    now = datetime.datetime.now(datetime.UTC)
    hour, minute = (int(part) for part in text.split(":"))
    moment = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (moment if moment > now else moment + datetime.timedelta(days=1)).timestamp()


def main() -> None:
    """Command line."""
    defaults = Settings()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/train"), help="folder of the training data")
    parser.add_argument("--cache", type=Path, default=Path(".cache/training"), help="folder for decoded pictures")
    parser.add_argument("--keep-away", type=Path, help="folder of photographs that must not be trained on")
    parser.add_argument("--out", type=Path, default=Path("runs/tower"), help="folder of the run's checkpoint")
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--until", type=deadline, help="end at this time (HH:MM, UTC) instead of after --steps")
    parser.add_argument("--photos", type=int, default=defaults.photos, help="photographs a step")
    parser.add_argument("--pairs", type=int, default=defaults.pairs, help="how many of them in two views")
    parser.add_argument("--drawings", type=int, default=defaults.drawings, help="drawings a step")
    parser.add_argument("--rate", type=float, default=defaults.rate)
    parser.add_argument("--architecture", default=defaults.architecture, help="name of a timm network")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    settings = Settings(
        seed=arguments.seed, steps=arguments.steps, photos=arguments.photos, pairs=arguments.pairs,
        drawings=arguments.drawings, rate=arguments.rate, architecture=arguments.architecture, device=arguments.device,
    )  # fmt: skip
    run = prepare_run(arguments.data, arguments.cache, settings, arguments.keep_away)
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / "checkpoint.pt"
    if file.is_file():
        run.load(file)
        logger.info("going on after step %d", run.step)
    train(run, file, arguments.until)


if __name__ == "__main__":
    main()
