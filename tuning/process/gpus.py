"""The GPUs that this process may use, told by `nvidia-smi`: TensorFlow would take their memory to count them.

A machine without NVIDIA's driver has no `nvidia-smi`, and asking costs nothing there. CUDA reads the variable
`CUDA_VISIBLE_DEVICES` when a process first uses a GPU:
https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#env-vars.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from ctypes.util import find_library
from importlib.util import find_spec
from typing import NamedTuple

VISIBLE = "CUDA_VISIBLE_DEVICES"
LIMIT = "TUNING_GPU_LIMIT_MIB"
"""In a worker that was given a GPU: MiB of it that it may take; 0 for all, as they are needed."""
_BUILD = {"CUDA of TensorFlow": "cuda_version", "cuDNN of TensorFlow": "cudnn_version"}
ANSWER_SECONDS = 30.0  # without a process that keeps the driver loaded, `nvidia-smi` first loads it
_WHOLE = re.compile(r"GPU \d+: (?P<model>.+) \(UUID: (?P<name>\S+)\)")
_PART = re.compile(r"\s+MIG (?P<model>\S*?(?P<gigabytes>\d+)gb\S*)\s+Device\s+\d+: \(UUID: (?P<name>\S+)\)")


class Gpu(NamedTuple):
    """A GPU, or a part of one (a MIG device).

    Attributes:
        name: As `CUDA_VISIBLE_DEVICES` names it: a UUID, or what the user has set there.
        model: The product's name.
        mib: Its memory in MiB; 0 if that is not known.
        capability: Compute capability, such as ``9.0``; empty if not known, as with drivers before 510.
        driver: Version of the driver; empty if not known.
    """

    name: str
    model: str
    mib: int = 0
    capability: str = ""
    driver: str = ""


def visible() -> tuple[Gpu, ...]:
    """The GPUs that CUDA would show to this process, in its order; a partitioned GPU counts as its parts."""
    given = os.environ.get(VISIBLE)
    names = None if given is None else list(_names(given))
    if names == []:
        return ()
    there = _installed()
    if names is None:
        return tuple(gpu for whole, *parts in there for gpu in parts or [whole])
    found: dict[str, Gpu] = {}
    for name in names:
        gpu = _called(name, there)
        if gpu is None:  # CUDA's list, too, ends where it knows no GPU of that name
            break
        found[name] = gpu._replace(name=name)
    return tuple(found.values())


def described(gpus: Sequence[Gpu]) -> dict[str, object]:
    """For the manifest; with the CUDA that TensorFlow was built for, where TensorFlow is loaded."""
    if not gpus:
        return {}
    words = [
        ", ".join(filter(None, [one.model, one.capability and f"compute capability {one.capability}", _size(one)]))
        for one in gpus
    ]
    found: dict[str, object] = {"GPUs": words, "GPU driver": gpus[0].driver}
    if "tensorflow" in sys.modules:
        import tensorflow as tf

        build = tf.sysconfig.get_build_info()
        found |= {name: str(build[key]) for name, key in _BUILD.items() if key in build}
    return found


def usable() -> bool:
    """Whether cuDNN is here, without which no backend trains on a GPU: as a wheel, or as a library of the system."""
    with suppress(ModuleNotFoundError):  # there is no package `nvidia` at all
        if find_spec("nvidia.cudnn"):
            return True
    return find_library("cudnn") is not None


def hide() -> None:
    """Hides all GPUs from this process, unless it has begun to use them, and from those that it starts."""
    os.environ[VISIBLE] = "-1"
    if "tensorflow" in sys.modules:  # it may have asked CUDA already, which then reads the variable no more
        import tensorflow as tf

        with suppress(RuntimeError):
            tf.config.set_visible_devices([], "GPU")


def in_use() -> bool:
    """Whether TensorFlow trains on a GPU in this process; False on other backends, whose `fit` is Keras' own."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return bool(tf.config.get_visible_devices("GPU"))


def promised() -> bool:
    """Whether this process is a worker that was given a GPU."""
    return LIMIT in os.environ


def limit_mib() -> int:
    """MiB of its GPU that this process may take; 0 for no limit."""
    return int(os.environ.get(LIMIT, "0"))


def memory() -> int:
    """Bytes of its GPU's memory that this process may use; 0 if that is not known."""
    return (limit_mib() or _first_mib()) * 2**20


@functools.cache  # asked before each fit, and `nvidia-smi` takes longer than the epochs of small data
def _first_mib() -> int:
    return next((gpu.mib for gpu in visible()), 0)


def _names(given: str) -> Iterator[str]:
    """The names in a value of `CUDA_VISIBLE_DEVICES`, which ends at an empty or a negative one."""
    for name in map(str.strip, given.split(",")):
        if not name or name.startswith("-"):
            return
        yield name


def _called(name: str, there: Sequence[Sequence[Gpu]]) -> Gpu | None:
    """The GPU of a name: its number, or the beginning of its UUID."""
    if name.isdigit():
        whole = there[int(name)] if int(name) < len(there) else ()
        return next(iter(whole[1:] or whole), None)  # of a partitioned GPU, CUDA takes the first part
    if not name.startswith(("GPU-", "MIG-")):
        return None
    return next((gpu for gpus in there for gpu in gpus if gpu.name.startswith(name)), None)


def _installed() -> list[list[Gpu]]:
    """Each GPU of this machine, followed by its parts."""
    listed = _nvidia_smi("-L").splitlines()
    query = "--query-gpu=uuid,driver_version,compute_cap,memory.total"
    queried = _nvidia_smi(query, "--format=csv,noheader,nounits").splitlines() if listed else []
    facts = {uuid: rest for uuid, *rest in (line.split(", ") for line in queried)}
    there: list[list[Gpu]] = []
    for line in listed:
        if whole := _WHOLE.match(line):
            driver, capability, mib = facts.get(whole["name"], ("", "", "0"))
            there.append([Gpu(whole["name"], whole["model"], int(mib) if mib.isdigit() else 0, capability, driver)])
        elif (part := _PART.match(line)) and there:
            model = f"{there[-1][0].model} MIG {part['model']}"
            gpu = there[-1][0]._replace(name=part["name"], model=model, mib=int(part["gigabytes"]) * 1024)
            there[-1].append(gpu)
    return there


def _nvidia_smi(*arguments: str) -> str:
    """What `nvidia-smi` prints; nothing where there is none, or no driver that answers it."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout


def _size(gpu: Gpu) -> str:
    return f"{gpu.mib / 1024:.0f} GiB" if gpu.mib else ""
