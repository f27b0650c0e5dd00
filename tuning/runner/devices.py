"""What the cells of a run train on: CPUs, or the GPUs of this machine, each worker on its own one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tuning.errors import StudyError
from tuning.formatting import plural
from tuning.process import gpus
from tuning.process.gpus import Gpu

AUTO, CPU, GPU = DEVICES = ("auto", "cpu", "gpu")
CONTEXT_MIB = 800  # of each worker on a GPU: CUDA's context and libraries, which TensorFlow's limit does not count
LEAST_MIB = 512  # a smaller share leaves cuDNN no room to work in


@dataclass(frozen=True)
class Devices:
    """Where workers of this machine train.

    Attributes:
        gpus: The GPUs, one for each worker in turn; none: workers see what this process sees.
        per_gpu: Workers that share each.
        deterministic: Whether TensorFlow is to use only operations that give the same bits each time.
        note: What the user should know of the choice; empty for nothing.
    """

    gpus: tuple[Gpu, ...] = ()
    per_gpu: int = 1
    deterministic: bool = False
    note: str = ""

    @property
    def workers(self) -> float:
        """Workers that have room: infinite without GPUs."""
        return len(self.gpus) * self.per_gpu if self.gpus else math.inf

    def environment(self, worker: int) -> dict[str, str]:
        """Variables of a worker's environment, by its number from 0: which GPU it sees, and how much memory it takes.

        Set as the process begins, before TensorFlow looks for devices. A worker takes memory as it needs it; those
        that share a GPU have a fixed share each.
        """
        if not self.gpus:
            return {}
        gpu = self.gpus[worker % len(self.gpus)]
        shares = self.per_gpu > 1
        return {
            gpus.VISIBLE: gpu.name,
            gpus.LIMIT: str(self._share(gpu) if shares else 0),
            # Of the other backends, JAX alone would take most of the memory as it starts.
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        }

    def described(self) -> dict[str, object]:
        """For the manifest; empty without GPUs."""
        if not self.gpus:
            return {}
        found = {**gpus.described(self.gpus), "deterministic operations": self.deterministic}
        if self.per_gpu > 1:
            found |= {"workers a GPU": self.per_gpu, "MiB a worker": [self._share(gpu) for gpu in self.gpus]}
        return found

    def words(self) -> str:
        """For the line that begins a run; empty without GPUs."""
        if not self.gpus:
            return ""
        return f" on {plural(len(self.gpus), 'GPU')} ({', '.join(dict.fromkeys(gpu.model for gpu in self.gpus))})"

    def _share(self, gpu: Gpu) -> int:
        return gpu.mib // self.per_gpu - CONTEXT_MIB


CPUS = Devices()


def choose(device: str, per_gpu: int | None, deterministic: bool | None, scheduler: str) -> Devices:
    """What a run's options ask for; from then on this process, which trains nothing there, sees no GPU.

    Called before TensorFlow is imported. Where there is no GPU, nothing is changed.

    Args:
        device: One of `DEVICES`; ``auto``: the GPUs if there are any that can be used.
        per_gpu: Workers a GPU; None for one.
        deterministic: None for on where GPUs train, off elsewhere.
        scheduler: Address of a Dask cluster, whose workers keep the device that they were given; empty for none.

    Raises:
        StudyError: There is no such device, or it has no room for so many workers.
    """
    if device not in DEVICES:
        raise StudyError(f"--device {device}: expected {', '.join(DEVICES[:-1])} or {DEVICES[-1]}")
    if scheduler and (device != AUTO or per_gpu):
        given = f"--device {device}" if device != AUTO else f"--per-gpu {per_gpu}"
        raise StudyError(f"{given}: a cluster's workers keep the device that they were given; leave it out")
    found = () if scheduler or device == CPU else gpus.visible()
    if device == GPU and not found:
        raise StudyError(
            "--device gpu: no GPU was found, as `nvidia-smi -L` lists none or CUDA_VISIBLE_DEVICES hides them; leave "
            "--device out to train on CPUs"
        )
    note = ""
    if found and device == AUTO and not gpus.usable():
        note = (
            f"{plural(len(found), 'GPU')} found, but no cuDNN to use {'it' if len(found) == 1 else 'them'} with: cells "
            'train on CPUs. `python -m pip install "tensorflow[and-cuda]"` brings it.'
        )
        found = ()
    if per_gpu and not found:
        raise StudyError(f"--per-gpu {per_gpu}: the cells of this run train on CPUs; leave it out")
    if scheduler or device == CPU or found:
        gpus.hide()
    chosen = Devices(found, per_gpu or 1, bool(found) if deterministic is None else deterministic, note)
    _check_room(chosen)
    return chosen


def _check_room(devices: Devices) -> None:
    for gpu in devices.gpus if devices.per_gpu > 1 else ():
        if gpu.mib // devices.per_gpu - CONTEXT_MIB < LEAST_MIB:
            size = f"{gpu.mib} MiB" if gpu.mib else "memory that nvidia-smi does not tell"
            raise StudyError(
                f"--per-gpu {devices.per_gpu}: {gpu.model} has {size}, and each worker needs "
                f"{CONTEXT_MIB + LEAST_MIB} MiB; ask for fewer"
            )
