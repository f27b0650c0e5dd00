"""What a run was made with: versions, threads, machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version

from tuning import __version__

PACKAGES = (
    "keras", "tensorflow", "keras-tuner", "scikit-learn", "scikeras", "optuna", "numpy", "scipy", "pandas",
    "tensorboard", "distributed", "jax", "jaxlib", "torch",
)  # fmt: skip
SETTINGS = (
    "floatx", "dtype policy", "image data format", "epsilon", "max epochs of every fit", "max steps of every epoch",
    "functions run eagerly", "jit",
)  # fmt: skip
"""What a study file may set of Keras and TensorFlow, and its models depend on; those at their defaults may be left out.
`tuning.process.keras_settings` says what each is."""
SEEDS = (
    "derived: SHA-256 of the names (study, problem, replicate, and tuner or configuration) "
    "through numpy.random.SeedSequence"
)


def manifest(facts: dict[str, object], command: Sequence[str], tuners: Iterable[str] = ()) -> dict[str, object]:
    """The command of a run, the versions that can change a result, and `facts` about the processes that train.

    Args:
        facts: By name.
        command: As it was given.
        tuners: Distributions that the run's tuners come from, beside `PACKAGES`.
    """
    known = {name: installed_version(name) for name in (*PACKAGES, *tuners)}
    return {
        "command": list(command),
        "versions": {**{name: found for name, found in known.items() if found}, "tuning": __version__},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count() or 0,
        "seeds": SEEDS,
        **facts,
    }


def installed_version(package: str) -> str:
    """Empty if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
