"""`tuning tuners`: the registered tuners and baselines, and what each can do."""

from __future__ import annotations

from typing import Literal, TypedDict

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from tuning import tuners as registry
from tuning.process.tensorflow_import import import_tensorflow

ABILITIES: dict[Literal["resumes", "prunes", "parallel"], str] = {
    "resumes": "continue",
    "prunes": "prune",
    "parallel": "batch",
}
"""What a tuner can do, in one word: continue trials, stop them by curves, ask for several at once."""


class TunerEntry(TypedDict):
    """A registered tuner or baseline; docs/json.md describes the fields."""

    tuner: str
    library: str
    baseline: bool
    resumes: bool
    prunes: bool
    parallel: bool
    seeded: bool
    starts: bool
    budget_factor: int
    requirement: str
    installed: bool
    summary: str


def look() -> list[TunerEntry]:
    """One mapping per tuner, as printed by `tuning tuners --json`.

    Raises:
        StudyError: A third party's tuner cannot be imported.
    """
    import_tensorflow()
    return [
        {
            "tuner": name,
            "library": tuner.library,
            "baseline": tuner.baseline,
            "resumes": tuner.resumes,
            "prunes": tuner.prunes,
            "parallel": tuner.parallel,
            "seeded": tuner.seeded,
            "starts": tuner.starts,
            "budget_factor": tuner.budget_factor,
            "requirement": tuner.requirement or tuner.needs,
            "installed": tuner.is_installed(),
            "summary": (tuner.__doc__ or "").strip().partition("\n")[0].replace("`", ""),
        }
        for name in registry.names()
        for tuner in [registry.load(name)]
    ]


def show(tuners: list[TunerEntry], console: Console) -> None:
    """Prints what `look` found: a table of tuners, and one of baselines."""
    for kind, baseline in (("tuner", False), ("baseline", True)):
        table = Table(Column(kind, no_wrap=True), "library", "can", "what it is", box=SIMPLE_HEAD, show_edge=False)
        for row in tuners:
            if row["baseline"] == baseline:
                able = ", ".join(word for ability, word in ABILITIES.items() if row[ability])
                needs = f" Needs {row['requirement']}." if row["requirement"] else ""
                table.add_row(*map(escape, (row["tuner"], row["library"], able, row["summary"] + needs)))
        console.print(table)
