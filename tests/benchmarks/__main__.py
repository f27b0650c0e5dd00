"""Runs the benchmarks and prints a row for each; `--write` puts them into `reports/benchmarks.md`.

python -m tests.benchmarks [--write] [--runs N] [NAME ...]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from tests.benchmarks import results
from tuning.process.gpus import visible

Pair = tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    everything = [*BENCHMARKS, *BOUNDS]
    names = f"of {', '.join(everything)}, or gpu for those on a GPU; default: all that this machine has the devices for"
    parser.add_argument("names", nargs="*", metavar="NAME", help=names)
    parser.add_argument("--runs", type=int, default=3, help="runs of each benchmark, pairs where two are compared")
    parser.add_argument("--write", action="store_true", help="put the rows into reports/benchmarks.md, and keep others")
    options = parser.parse_args()
    rows: dict[str, list[str]] = {}
    for name in _with_devices(options.names or everything):
        rows[name] = [*(_compared if name in BENCHMARKS else _bounded)(name, options.runs)]
        if options.write:
            results.write(rows[name], name, options.runs, everything)
    missed = sum(results.MISSED in line for lines in rows.values() for line in lines)
    if missed:
        raise SystemExit(f"{missed} missed")


def _with_devices(names: list[str]) -> list[str]:
    """The benchmarks of these names, `gpu` being all of its kind; those on a GPU are left out where there is none."""
    on_gpu = [name for name in BENCHMARKS if name.startswith("gpu-")]
    wanted = [one for name in names for one in (on_gpu if name == "gpu" else [name])]
    left_out = [] if visible() else [name for name in wanted if name in on_gpu]
    if left_out:
        print(f"Left out, for `nvidia-smi -L` lists no GPU here: {', '.join(left_out)}", flush=True)
    return [name for name in wanted if name not in left_out]


def _compared(name: str, runs: int) -> Iterator[str]:
    title, unit, least, measure = BENCHMARKS[name]
    pairs = [measure() for _ in range(runs)]
    before, after = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(one / other for one, other in pairs)
    ratio = statistics.median(ratios)
    shown = f"**{ratio:.2f}** ({', '.join(f'{ratio:.2f}' for ratio in ratios)})"
    figures = f"{before:.3g} {unit}", f"{after:.3g} {unit}"
    bound = f"at least {least}" if least[:1].isdigit() else least
    yield _said(title, *figures, shown, bound, _judged(least, ratio, after))


def _judged(least: str, ratio: float, after: float) -> str:
    """Whether a row keeps its bound: on the ratio, on our own figure ("ours at most 0.9 GB"), or none."""
    if least.startswith("ours at most "):
        return results.MET if after <= float(least.split()[3]) else results.MISSED
    return (results.MET if ratio >= float(least) else results.MISSED) if least else ""


def _bounded(name: str, runs: int) -> Iterator[str]:
    """A row for each figure of a benchmark; "at most" or "at least" says on which side of its bound it must be."""
    found = [json.loads(_output("scale", name).splitlines()[-1]) for _ in range(runs)]
    for figure, title, unit, side, bound in BOUNDS[name]:
        values = sorted(one[figure] for one in found)
        median = statistics.median(values)
        met = median <= bound if side == "at most" else median >= bound
        shown = f"**{median:,.4g}{unit}** ({', '.join(f'{value:,.4g}' for value in values)})"
        yield _said(title, "", shown, "", f"{side} {bound:,g}{unit}", results.MET if met else results.MISSED)


def _said(*entries: str) -> str:
    line = results.row(entries)
    print(line, flush=True)
    return line


def _trial(name: str, epochs: int, figure: str, before: str = "keras", ours: str = "ours") -> Callable[[], Pair]:
    def measure() -> Pair:
        one, other = (
            json.loads(_output("one_trial", way, name, str(epochs)).splitlines()[-1])[figure] for way in (before, ours)
        )
        return one, other

    return measure


def _on_gpu(name: str, workers: int, before: str = "keras", after: str = "ours") -> Callable[[], Pair]:
    """Seconds an epoch, which are the inverse of epochs a second, of processes that share a GPU."""

    def measure() -> Pair:
        one, other = (
            json.loads(_output("on_gpu", way, name, str(workers)).splitlines()[-1])["epoch"] for way in (before, after)
        )
        return one, other

    return measure


def _overhead(name: str, length: str) -> Callable[[], Pair]:
    """Seconds of a cell, and those in it that are neither training nor the tuner's thinking."""

    def measure() -> Pair:
        figures = json.loads(_output("overhead", name, length).splitlines()[-1])
        return figures["whole"], figures["own"]

    return measure


def _resampling(figures: tuple[str, str], ways: tuple[str, str]) -> Callable[[], Pair]:
    def measure() -> Pair:
        one, other = (
            json.loads(_output("resampling", way).splitlines()[-1])[figure]
            for figure, way in zip(figures, ways, strict=True)
        )
        return one, other

    return measure


def _growth(trials: int) -> Callable[[], Pair]:
    def measure() -> Pair:
        before, after = (
            json.loads(_output("many_trials", way, str(trials)).splitlines()[-1])["growth"] for way in ("keras", "ours")
        )
        return before, after

    return measure


def _whole(before: list[str], after: list[str]) -> Callable[[], Pair]:
    """Seconds of two whole processes, imports included. They must train as many epochs."""

    def measure() -> Pair:
        seconds, epochs = [], []
        for command in (before, after):
            started = time.perf_counter()
            epochs.append(json.loads(_output(*command).splitlines()[-1])["epochs"])
            seconds.append(time.perf_counter() - started)
        if epochs[0] != epochs[1]:
            raise SystemExit(f"{before} trained {epochs[0]} epochs and {after} {epochs[1]}; they cannot be compared")
        return seconds[0], seconds[1]

    return measure


def _output(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]
    # Without bytecode, which an installed package has, each process would compile ours anew.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, env={**kept, "TF_CPP_MIN_LOG_LEVEL": "3"})
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


BENCHMARKS: dict[str, tuple[str, str, str, Callable[[], Pair]]] = {
    "digits-epoch": (
        "an epoch on digits (3 layers of 100, batch 32), steady, validation included",
        "s", "12", _trial("digits", 12, "epoch"),
    ),
    "digits-trial": ("a 10-epoch trial on digits, all in", "s", "2.5", _trial("digits", 10, "trial")),
    "fashion-epoch": (
        "an epoch on Fashion MNIST (300-100-10, batch 32), steady, validation included",
        "s", "3.5", _trial("fashion_mnist", 4, "epoch"),
    ),
    "fashion-limit": (
        "the limit: the same epoch in a raw compiled loop without Keras, on one thread",
        "s", "", _trial("fashion_mnist", 4, "epoch", before="raw"),
    ),
    "digits-limit": (
        "the limit on digits",
        "s", "", _trial("digits", 12, "epoch", before="raw"),
    ),
    "digits-besides": (
        "what a trial on digits costs besides its epochs",
        "s", "", _trial("digits", 10, "besides"),
    ),
    "digits-again": (
        "the same configuration trained once more on another seed, 10 epochs on digits",
        "s", "", _trial("digits", 10, "again"),
    ),
    "fashion-overhead": (
        "two 10-epoch trials on Fashion MNIST, against our own overhead in them (2 % is 50)",
        "s", "50", _overhead("fashion_mnist", "full"),
    ),
    "fashion-overhead-short": (
        "Hyperband's trials of 1 to 3 epochs on Fashion MNIST, against our own overhead in them (2 % is 50)",
        "s", "50", _overhead("fashion_mnist", "short"),
    ),
    "fashion-memory": (
        "peak resident memory of a process that trains on Fashion MNIST; ours a worker",
        "GB", "ours at most 0.9 GB", _trial("fashion_mnist", 2, "peak", ours="worker"),
    ),
    "folds-price": (
        "a trial of five folds on Fashion MNIST, 10 epochs each, against drawing and making the folds (3 % is 33)",
        "s", "33", _resampling(("whole", "resampling"), ("folds", "folds")),
    ),
    "folds-memory": (
        "peak resident memory with a hold-out, against that with five folds (1.15 times is 0.87)",
        "GB", "0.87", _resampling(("peak", "peak"), ("holdout", "folds")),
    ),
    "digits-growth": (
        "growth of memory over 200 trials of one cell",
        "MB", "ours at most 300 MB", _growth(200),
    ),
    "digits-study": (
        "five tuners on digits, 2 processes, against the five loops in sequence, 360 epochs each, imports included",
        "s", "5", _whole(["five_loops", "digits"], ["five_tuners", "digits", "2"]),
    ),
    "fashion-study": (
        "the same on Fashion MNIST, 3-epoch trials, 83 epochs each",
        "s", "6", _whole(["five_loops", "fashion_mnist"], ["five_tuners", "fashion_mnist", "2"]),
    ),
    "defaults-price": (
        "five searches on digits, 4 replicates, 2 processes, against them with the default baselines and retraining "
        "(1.6 times is 0.625)",
        "s", "0.625",
        _whole(["five_tuners", "digits", "2", "4", "searches"], ["five_tuners", "digits", "2", "4", "defaults"]),
    ),
    **{
        f"gpu-{short}{f'-{workers}' if workers > 1 else ''}": (
            f"an epoch of {what} on Fashion MNIST, on one GPU, {workers} at once, validation included",
            "s", "", _on_gpu(name, workers),
        )
        for short, name, what in (
            ("mlp", "fashion_mnist", "an MLP (300-100-10, batch 32)"),
            ("cnn", "fashion_cnn", "a CNN (convolutions of 32 and 64, 100-10, batch 32)"),
        )
        for workers in (1, 4)
    },
    "gpu-deterministic": (
        "the price of deterministic operations: an epoch of that CNN without them, against with them",
        "s", "", _on_gpu("fashion_cnn", 1, "ours", "deterministic"),
    ),
    "fashion-jobs": (
        "2 processes against 1, the same study on Fashion MNIST with 4 replicates, imports included",
        "s", "1.7", _whole(["five_tuners", "fashion_mnist", "1", "4"], ["five_tuners", "fashion_mnist", "2", "4"]),
    ),
}  # fmt: skip

# Each of `scale`'s figures: what it is, its unit, and the bound that it must keep.
BOUNDS: dict[str, list[tuple[str, str, str, str, float]]] = {
    "report": [
        ("seconds", "a report from 100,000 trials of 10 epochs each", " s", "at most", 12),
        ("gigabytes", "its peak memory", " GB", "at most", 1),
    ],
    "browsing": [
        ("opened", "a report of 10,000 trials in Chromium: until its last chart is drawn", " s", "at most", 10),
        (
            "filtered",
            "until a change of its filter is seen; 1 s interrupts nobody's thought (Nielsen, 1993)",
            " s",
            "at most",
            1,
        ),
    ],
    "hparams": [("per_second", "HPARAMS export, 10 epochs and 4 metrics a trial", " trials/s", "at least", 1000)],
    "board": [
        (
            "best",
            "`tuning board` of 10,300 trials: until table and parallel coordinates are drawn",
            " s",
            "at most",
            10,
        ),
        ("all", "the same with `--all`", " s", "at most", 10),
    ],
    "intake": [("per_second", "the driver's intake of trial records from 2 workers", "/s", "at least", 2000)],
    "overhead": [("ratio", "our own time a trial at trial 1,000 of a cell / at trial 10", "", "at most", 1.2)],
}

if __name__ == "__main__":
    main()
