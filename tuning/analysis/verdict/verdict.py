"""The verdict: what the pairs of tuners allow to be claimed, and what they do not.

A difference is claimed only if its Holm-adjusted p is at most `signed_rank.LEVEL`. If these replicates could not
have shown one, whatever the scores, the verdict says that instead of "no difference". Two tuners are called
practically equal only if the user set a region of practical equivalence and tests show their difference within it.

It is one statement about one family of pairs at the full budget. Shares of the budget are described.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from tuning.analysis.endpoints import Endpoint
from tuning.analysis.verdict.gaps import uncompared
from tuning.analysis.verdict.sentences import (
    against_baselines,
    claims,
    equalities,
    evidence,
    leading,
    nearest,
    not_shown,
    qualifiers,
    remedies,
)
from tuning.formatting import decimals_for, names, number, p_value
from tuning.objective import Objective
from tuning.statistics.intervals import student
from tuning.statistics.signed_rank import LEVEL, replicates_needed

SHOWN = "shown"  # a difference of two tuners, at least
EQUAL = "equal"  # practically: every pair is
UNDECIDED = "undecided"  # no difference is shown, or none could be
MAX_DESCRIBED = 6  # tuners named at a share of the budget


@dataclass(frozen=True)
class Verdict:
    """What may be claimed: one line for readers in a hurry, and the lines behind it.

    Attributes:
        kind: `SHOWN`, `EQUAL` or `UNDECIDED`.
        line: A sentence or two.
        details: Each a sentence or two.
        gaps: The cells that could not be compared, a line for each reason.
        judged: False if there is nothing to compare, or too few replicates for any difference to show.
        lacking: Further replicates without which no difference can show.
    """

    kind: str
    line: str
    details: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    judged: bool = True
    lacking: int = 0


@dataclass(frozen=True)
class AtBudget:
    """What tuners were worth when a share of the budget was spent: described, not judged.

    Attributes:
        share: Of the budget.
        epochs: Spent by each cell.
        means: Mean of the endpoint's scores by tuner, the best first; those with a score.
        intervals: Student's interval of each; NaN of fewer than two scores.
        scored: Replicates with a score, by tuner.
        line: The same in words.
    """

    share: float
    epochs: int
    means: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    scored: Mapping[str, int]
    line: str


def verdict(
    scored: Endpoint,
    tuners: pd.DataFrame,
    pairs: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    contestants: Sequence[str],
    baseline_pairs: pd.DataFrame | None = None,
    together: pd.DataFrame | None = None,
    rope: float | None = None,
    needed: Callable[[int], int] = replicates_needed,
    better_than: str = "",
    about: Sequence[str] = (),
    alike: Sequence[str] = (),
    winners: Sequence[str] = (),
    winner_gaps: Sequence[str] = (),
) -> Verdict:
    """The verdict on one problem.

    Args:
        scored: Its endpoint.
        tuners: Its `tuner_table.tuner_table`.
        pairs: Its `pairs.pairwise`, of the contestants.
        cells: Its rows of `curves.cells_frame`.
        contestants: The tuners to be judged; others in `tuners` are baselines.
        baseline_pairs: From `pairs.pairwise`: each contestant (a) with each baseline (b).
        together: From `searching.searching`: all contestants with each baseline.
        rope: As given to `pairs.pairwise`.
        needed: From a number of pairs, the replicates needed to show a difference.
        better_than: The reference, if of each pair only is asked whether the first is better than it.
        about: What each tuner did and what is judged, in the words of `conduct.said` and `sentences.about`.
        alike: The tuners that were all random search, whose pairs are not among `pairs`.
        winners: How they fare on fresh seeds, in the words of `sentences.hopes`.
        winner_gaps: What they lack, in the words of `gaps.not_retrained`.
    """
    contesting = scored.table(contestants)
    there = contesting[contesting["scored"] > 0]
    leader, ahead = leading(there, scored.metric, scored.objective)
    found = _judge(contesting, there, pairs, scored.metric, leader, needed, better_than)
    line = found.line
    if alike:
        line = f"{line} One algorithm here, random search: {names(list(alike))}."
    behind = [*found.details, *equalities(pairs, rope, scored.metric), *([ahead] if ahead else [])]
    if baseline_pairs is not None and together is not None:
        behind += against_baselines(together, baseline_pairs, scored.metric)
    gaps = (*uncompared(cells, tuners, contestants), *winner_gaps)
    return replace(found, line=line, details=(*behind, *about, *winners, *gaps), gaps=gaps)


def no_verdict(line: str, details: tuple[str, ...] = (), lacking: int = 0) -> Verdict:
    """Of a study that could show no difference, whatever its scores."""
    return Verdict(UNDECIDED, line, details, judged=False, lacking=lacking)


def _judge(
    contesting: pd.DataFrame,
    scored: pd.DataFrame,
    pairs: pd.DataFrame,
    metric: str,
    leader: str,
    needed_for: Callable[[int], int],
    better_than: str,
) -> Verdict:
    """One problem's verdict, with the reasons alone as its details."""
    if scored.empty:
        return no_verdict(f"No verdict: no cell has a score ({metric}).")
    if len(scored) == 1:
        only = "one tuner" if len(contesting) == 1 else f"only {leader} has a score ({metric})"
        return no_verdict(f"No verdict: {only}, nothing to compare it with.")
    if pairs.empty:
        return no_verdict("No verdict: there are no two different algorithms to compare.")
    n, family = int(pairs["n"].max()), len(pairs)
    if n > 1 and scored["smallest"].min() == scored["largest"].max():
        line = f"No verdict: all scores ({metric}) are the same, {number(float(scored['mean'].iloc[0]))}: saturated."
        return no_verdict(line, ("More replicates would not tell these tuners apart; a harder problem might.",))
    decided = pairs[pairs["decided"] != ""]
    if len(decided):
        line = f"{claims(decided, len(contesting) - 1)} ({', '.join(qualifiers(pairs, better_than))})."
        return Verdict(SHOWN, line, (*evidence(decided, metric), *remedies(pairs)))
    if n == 0:
        return no_verdict("No verdict: no replicate is finished by two tuners.")
    needed = needed_for(family)
    compared = "one pair" if family == 1 else f"{family} pairs"
    if n == 1:
        line = f"No verdict: one replicate shows nothing about chance; {leader} scored best in it."
        return no_verdict(line, (f"At least {needed} replicates are needed to compare {compared}.",), needed - n)
    smallest = float(pairs["smallest_p"].min())
    if smallest * family > LEVEL:
        line = (
            f"No verdict: with {n} replicates no difference can be shown at {LEVEL:.0%}; {needed} or more are needed."
        )
        power = (
            f"The smallest p that {n} replicates can give is {p_value(smallest)}, and Holm's adjustment for "
            f"{compared} multiplies it by {family}."
        )
        return no_verdict(line, (power, *remedies(pairs)), needed - n)
    if bool(pairs["equal"].all()):
        line = f"Practically equal: {names([str(name) for name in scored['tuner']])} ({n} replicates)."
        return Verdict(EQUAL, line)
    closest = nearest(pairs)
    line = f"{not_shown([str(name) for name in scored['tuner']], better_than)} ({n} replicates)."
    so_far = (
        f"Closest to a difference: {closest['a']} and {closest['b']}, p {p_value(closest['p'])}, Holm-adjusted "
        f"{p_value(closest['p_holm'])}. That no difference is shown does not show that they are equal."
    )
    return Verdict(UNDECIDED, line, (so_far, *remedies(pairs)))


def at_budget(share: float, epochs: int, scores: pd.DataFrame, tuners: Sequence[str], objective: Objective) -> AtBudget:
    """What one problem's tuners were worth when `share` of the budget, `epochs` per cell, was spent.

    Args:
        share: Of the budget.
        epochs: The same, in epochs.
        scores: As `curves.final_scores`, of the incumbents at that budget, by the endpoint.
        tuners: Described; baselines are not.
        objective: Says which direction is better.
    """
    known = scores.dropna(subset=["score"])
    means = known.groupby("tuner")["score"].mean().reindex(list(tuners)).dropna()
    ordered = means.sort_values(ascending=objective.sign < 0, kind="stable")
    places = decimals_for(ordered)
    said = names([f"{tuner} {number(float(mean), places)}" for tuner, mean in ordered.items()], most=MAX_DESCRIBED)
    line = f"Means: {said}." if said else "No search has a result yet."
    by_tuner = {str(tuner): part.to_numpy(dtype=float) for tuner, part in known.groupby("tuner")["score"]}
    low_high = {str(tuner): student(by_tuner[str(tuner)]) for tuner in ordered.index}
    intervals = {tuner: (float(low), float(high)) for tuner, (low, high) in low_high.items()}
    return AtBudget(
        share,
        epochs,
        {str(tuner): float(mean) for tuner, mean in ordered.items()},
        intervals,
        {tuner: len(by_tuner[tuner]) for tuner in intervals},
        line,
    )
