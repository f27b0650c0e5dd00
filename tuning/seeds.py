"""Seeds are derived, never chosen: names are hashed, through `numpy.random.SeedSequence`.

KerasTuner draws each hyperparameter from ``Random(seed_state)`` and adds one to the state, so replicates seeded
1, 2, 3 ... share most of their trials, shifted by one. It also reads seed 0 as "no seed". Hashed 32-bit seeds are
neither neighbours nor zero.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tuning.configuration import Configuration

Name = str | int | Mapping[str, object]


def derive(*names: Name) -> int:
    """A seed in 1 .. 2**32 - 1 from a path of names, the same on every machine.

    >>> derive("digits", "kt-random", 1) == derive("digits", "kt-random", 1)
    True
    """
    text = json.dumps(names, sort_keys=True, separators=(",", ":")).encode()
    entropy = int.from_bytes(hashlib.sha256(text).digest(), "big")
    words = np.random.SeedSequence(entropy).generate_state(4)
    return next(int(word) for word in words if word)


def of_tuner(study: str, problem: str, tuner: str, replicate: int) -> int:
    """Seed of one cell's search: every tuner draws its own trials."""
    return derive("tuner", study, problem, tuner, replicate)


def of_training(study: str, problem: str, replicate: int, configuration: Configuration, repeat: int = 1) -> int:
    """Seed of one trial's training: independent of the tuner, so equal configurations get equal curves.

    The folds of a repeat share it, as scikit-learn's `cross_val_score` clones one estimator for each fold.
    """
    further = () if repeat == 1 else (repeat,)
    return derive("training", study, problem, replicate, configuration, *further)


def of_retraining(study: str, problem: str, replicate: int, configuration: Configuration, repeat: int) -> int:
    """Seed of one retraining: fresh, free of the luck that chose this configuration; independent of the tuner."""
    return derive("retraining", study, problem, replicate, configuration, repeat)


class SplitSeeds(NamedTuple):
    """What the rows of a training are drawn from.

    Attributes:
        replicate: All trainings of one replicate share it.
        own: The configuration's own, where each gets a hold-out of its own.
        fold: Of cross-validation, from 0; None for all folds together, which a winner is retrained on.
    """

    replicate: int
    own: int
    fold: int | None = 0


FIRST_SPLIT = SplitSeeds(1, 1)
"""Of the split that stands for all where nothing is searched."""


def of_splits(study: str, problem: str, replicate: int, configuration: Configuration) -> SplitSeeds:
    """Seeds of the split that a configuration is trained on in a replicate; independent of the tuner."""
    return SplitSeeds(
        derive("split", study, problem, replicate), derive("own split", study, problem, replicate, configuration)
    )


def order_of_epoch(seed: int, epoch: int, size: int) -> np.ndarray:
    """The order of the samples in one epoch (from 0): a permutation, shape ``(size,)``, int32.

    It depends only on the seed and the epoch, so a continued training keeps the order it would have had.
    """
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, epoch])))
    return generator.permutation(np.int32(size) if size < 2**31 else size).astype(np.int32)
