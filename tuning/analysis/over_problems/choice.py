"""Which tuner to take for problems like these: a recommendation beside the verdict, which claims nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from tuning.analysis.choices import CHOSEN, MAX_NAMED, percent
from tuning.analysis.over_problems.sentences import spreads
from tuning.analysis.verdict.verdict import SHOWN, UNDECIDED
from tuning.formatting import names


@dataclass(frozen=True)
class ChoiceOverProblems:
    """The tuner to take for problems like these, and what that may cost.

    Attributes:
        kind: `CHOSEN`, `SHOWN` or `UNDECIDED`.
        lines: The recommendation, and how probably it is right, a sentence each; none if there is nothing to choose by.
        tuner: The recommended one; empty if there is nothing to choose by.
        any_of: The names of its algorithm, itself included.
        probability: That it is the best on problems like these.
        expected_loss: Of choosing it, in spreads; at least 0.
    """

    kind: str = UNDECIDED
    lines: tuple[str, ...] = ()
    tuner: str = ""
    any_of: tuple[str, ...] = ()
    probability: float = math.nan
    expected_loss: float = math.nan


def choice_over(tuners: pd.DataFrame, pairs: pd.DataFrame) -> ChoiceOverProblems:
    """The choice, from `OverProblems.tuners` and `OverProblems.pairs`."""
    if tuners["algorithm"].nunique() < 2:
        return ChoiceOverProblems()
    taken = tuners[tuners["recommended"]]
    row, any_of = taken.to_dict("records")[0], tuple(map(str, taken["tuner"]))
    who = any_of[0] if len(any_of) == 1 else f"any of {names(any_of)}, which are one algorithm here"
    others = len(tuners) - len(taken)
    shown = all((pairs["general_decided"] == tuner).sum() == others for tuner in any_of)
    if shown:
        line = f"To choose for problems like these: {who}, shown better than all others."
    else:
        line = (
            f"If you must choose one tuner for problems like these: {who}; expected cost of a wrong choice about "
            f"{spreads(row['loss'])}. Not proven."
        )
    ordered = tuners.drop_duplicates("algorithm").sort_values("best", ascending=False, kind="stable")
    best = ", ".join(f"{of['algorithm']} {percent(of['best'])}" for of in ordered.to_dict("records")[:MAX_NAMED])
    probable = (
        f"Probability of being the best on average over problems like these: {best}. For {row['algorithm']} it is "
        f"{percent(row['best_these'])} over these problems, and {percent(row['best_new'])} on one new problem. A "
        "spread is the standard deviation of one tuner's scores between its searches on a problem."
    )
    return ChoiceOverProblems(
        SHOWN if shown else CHOSEN, (line, probable), any_of[0], any_of, float(row["best"]), float(row["loss"])
    )
