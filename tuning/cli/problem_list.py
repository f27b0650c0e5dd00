"""`tuning problems`: the problems that installed packages register."""

from __future__ import annotations

from typing import TypedDict

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from tuning.problems import registered
from tuning.process.tensorflow_import import import_tensorflow


class ProblemEntry(TypedDict):
    """A registered problem; docs/json.md describes the fields."""

    problem: str
    package: str
    metric: str
    direction: str
    max_epochs: int


def look() -> list[ProblemEntry]:
    """One mapping per problem, as printed by `tuning problems --json`.

    Raises:
        StudyError: A problem cannot be loaded.
    """
    known = registered.points()
    if known:
        import_tensorflow()
    return [
        {
            "problem": name,
            "package": "" if point.dist is None else f"{point.dist.name} {point.dist.version}",
            "metric": problem.objective.metric,
            "direction": problem.objective.direction,
            "max_epochs": problem.max_epochs,
        }
        for name, point in known.items()
        for problem in [registered.load(name)]
    ]


def show(problems: list[ProblemEntry], console: Console) -> None:
    """Prints what `look` found."""
    if not problems:
        console.print(f"No installed package registers a problem in the entry point group {registered.GROUP}.")
        return
    table = Table(Column("problem", no_wrap=True), "package", "objective", "epochs", box=SIMPLE_HEAD, show_edge=False)
    for row in problems:
        objective = f"{row['metric']}, {row['direction']}"
        table.add_row(*map(escape, (row["problem"], row["package"], objective, str(row["max_epochs"]))))
    console.print(table)
