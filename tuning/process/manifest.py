"""What a run was made with: versions, threads, machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
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


def manifest(facts: dict[str, object], command: Sequence[str]) -> dict[str, object]:
    """The command of a run, the versions that can change a result, and `facts` about the processes that train."""
    return {
        "command": list(command),
        "versions": {"tuning": __version__, **{name: found for name in PACKAGES if (found := _version(name))}},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count() or 0,
        "seeds": SEEDS,
        **facts,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
