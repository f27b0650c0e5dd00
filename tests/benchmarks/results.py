"""`reports/benchmarks.md`: a row for each benchmark that was run, with the machine and the versions it ran with.

A row is replaced when its benchmark runs again with `--write`; the others stay, each with its own date.
"""

import datetime
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

FILE = Path("reports/benchmarks.md")
MET, MISSED = "met", "**missed**"
COLUMNS = [
    "benchmark",
    "what",
    "before, median",
    "ours, median",
    "ratio, median (all pairs)",
    "bound",
    "",
    "runs",
    "day",
]
LIBRARIES = ("tensorflow", "keras", "keras-tuner", "scikit-learn", "optuna", "distributed", "pandas", "numpy")

HEAD = """# Benchmarks

`python -m tests.benchmarks --write` measures all of them; with names, those, and keeps the other rows. What is compared
runs in alternating processes of one run, so the ratio is what is claimed; times are this machine's:

{machine}.

"""

LEFT = """
## What is left, and why

The limit on one core is the raw loop in the table: the same arithmetic, without Keras, and without the promises of
`model.fit`. Between it and an epoch here stands what Keras' own `train_step` computes in each batch beside forward and
backward: metrics, a loss of any weight and reduction, an optimizer for any variable. It is kept because results must be
Keras' to the last bit; XLA and other executors are slower on a processor, or change last bits.

On data as small as digits an epoch is a few milliseconds. There, what Python does once an epoch (callbacks, the order
of samples, validation, the record of its metrics) weighs as much as the steps, and tracing a configuration for the
first time costs more than training it; a configuration that comes back is not traced again.

Workers are forked from one process that has imported TensorFlow and Keras, and share what it holds. A worker's
resident memory counts what it has written to or read since: of that, the data are a third, held once, and tensors share
them.

A study on several processes imports in the driver and in that process at once, which a short study pays for in full:
three to four seconds. On digits, building and tracing a new configuration takes a third of a second of processor time,
nearly all of it Keras' and TensorFlow's own Python that makes the graph: some eighteen seconds for a study of five
tuners whose epochs take five, which a faster epoch does not make less. The check before the first epoch, and each
worker's first trial, leave a core idle for about a second.

Ratios of whole studies in several processes differ by a fifth from pair to pair on this machine.
"""


def row(entries: Sequence[str]) -> str:
    return f"| {' | '.join(entries)} |"


def write(lines: Sequence[str], name: str, runs: int, order: Sequence[str]) -> None:
    """Replaces a benchmark's rows in the file; `order` names all benchmarks as they are listed."""
    rows: dict[str, list[str]] = {}
    for line in FILE.read_text().splitlines() if FILE.is_file() else ():
        if (known := line.removeprefix("| ").partition(" | ")[0]) in order:
            rows.setdefault(known, []).append(line)
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    rows[name] = [row([name, line.removeprefix("| ").removesuffix(" |"), str(runs), day]) for line in lines]
    table = [row(COLUMNS), row(["---"] * len(COLUMNS)), *(line for known in order for line in rows.get(known, ()))]
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(HEAD.format(machine=machine()) + "\n".join(table) + "\n" + LEFT)


def machine() -> str:
    """The machine and what runs on it, in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GB, {platform.system()}; "
        f"Python {platform.python_version()}, {libraries}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.is_file():
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
    return names[0] if names else platform.machine()
