"""The verdict in words: what the pairs of `tuning.comparison` allow to be claimed, and what they do not.

A difference is claimed only where its Holm-adjusted p is at most `comparison.LEVEL`. Where these replicates could
not have shown one, whatever the scores, the verdict says that instead of "no difference".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tuning.analysis import CONFIDENCE, DONE, MISSING, UNFINISHED
from tuning.comparison import LEVEL, replicates_needed
from tuning.objective import Objective
from tuning.records import FAILED
from tuning.wording import decimals_for, interval, names, number, p_value, plural

NO_VERDICT = "no verdict"  # nothing to compare, or too few replicates for any difference to show
UNDECIDED = "no difference shown"
DIFFERENCE = "difference shown"
MAX_CLAIMS = 2  # winners named in the verdict's line; the details name all


@dataclass(frozen=True)
class Verdict:
    """What may be claimed: one line for people who read one line, and the lines behind it.

    Attributes:
        kind: `NO_VERDICT`, `UNDECIDED` or `DIFFERENCE`.
        line: A sentence or two.
        details: Each a sentence or two.
        gaps: The cells that could not be compared, a line for each reason.
    """

    kind: str
    line: str
    details: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


def verdict(
    problem: str, objective: Objective, tuners: pd.DataFrame, pairs: pd.DataFrame, cells: pd.DataFrame
) -> Verdict:
    """The verdict on one problem.

    Args:
        problem: Its name.
        objective: Its objective.
        tuners: As `summary.tuner_table` gives it.
        pairs: As `comparison.pairwise` gives it.
        cells: As `analysis.cells_frame` gives it.
    """
    table = tuners[tuners["problem"] == problem]
    own = pairs[pairs["problem"] == problem]
    scored = table[table["scored"] > 0]
    leader, leading = _leader(scored, objective)
    gaps = _gaps(cells[cells["problem"] == problem], table)
    if scored.empty:
        return Verdict(NO_VERDICT, "No verdict: no cell has a final score.", gaps)
    if len(scored) == 1:
        only = "one tuner" if len(table) == 1 else f"only {leader} has a final score"
        return Verdict(NO_VERDICT, f"No verdict: {only}, nothing to compare it with.", (leading, *gaps))
    n, family = int(own["n"].max()), len(own)
    decided = own[own["decided"] != ""]
    if len(decided):
        return Verdict(DIFFERENCE, _claims(decided, table, family), (*_evidence(decided, objective), leading, *gaps))
    if n == 0:
        return Verdict(NO_VERDICT, "No verdict: no replicate is finished by two tuners.", (leading, *gaps))
    if n == 1:
        line = f"No verdict: one replicate shows nothing about chance; {leader} scored best in it."
        needed = f"At least {replicates_needed(family)} replicates are needed for {_family(family)}."
        return Verdict(NO_VERDICT, line, (needed, leading, *gaps))
    smallest = float(own["smallest_p"].min())
    if smallest * family > LEVEL:
        line = (
            f"No verdict: with {plural(n, 'replicate')} no difference can be shown at {LEVEL:.0%}; "
            f"{replicates_needed(family)} or more are needed."
        )
        power = (
            f"Smallest p that {plural(n, 'paired replicate')} can give: {p_value(smallest)}, "
            f"before Holm's adjustment for {_family(family)}."
        )
        return Verdict(NO_VERDICT, line, (power, leading, *gaps))
    closest = own.loc[own["p_holm"].idxmin()]
    line = f"No difference shown between {names([str(name) for name in scored['tuner']])} ({plural(n, 'replicate')})."
    nearest = (
        f"Closest to a difference: {closest['a']} and {closest['b']}, Holm-adjusted p {p_value(closest['p_holm'])}. "
        "Not shown to differ is not shown to be equal."
    )
    return Verdict(UNDECIDED, line, (nearest, leading, *gaps))


def overall(verdicts: dict[str, Verdict]) -> Verdict:
    """One verdict over problems: each is judged by itself, so this counts and names; it pools nothing."""
    if len(verdicts) == 1:
        return next(iter(verdicts.values()))
    by_kind = {
        kind: [problem for problem, found in verdicts.items() if found.kind == kind]
        for kind in (DIFFERENCE, UNDECIDED, NO_VERDICT)
    }
    parts = [f"{kind} on {names(problems)}" for kind, problems in by_kind.items() if problems]
    line = f"{plural(len(verdicts), 'problem')}, each judged by itself: {'; '.join(parts)}."
    kind = next((kind for kind, problems in by_kind.items() if problems), NO_VERDICT)
    return Verdict(kind, line, tuple(f"{problem}: {found.line}" for problem, found in verdicts.items()))


def _family(size: int) -> str:
    return "one pair" if size == 1 else f"{size} pairs"


def _claims(decided: pd.DataFrame, table: pd.DataFrame, family: int) -> str:
    """Who is shown better than whom: the tuners that beat most first, the rest counted."""
    beaten: dict[str, list[str]] = {}
    for row in decided.itertuples():
        beaten.setdefault(str(row.decided), []).append(str(row.b if row.decided == row.a else row.a))
    winners = sorted(beaten, key=lambda winner: -len(beaten[winner]))
    others = len(table) - 1
    claims = [
        f"{winner} is shown better than "
        + (f"all {others} others" if len(beaten[winner]) == others > 2 else names(beaten[winner]))
        for winner in winners[:MAX_CLAIMS]
    ]
    more = len(decided) - sum(len(beaten[winner]) for winner in winners[:MAX_CLAIMS])
    rest = [f"Holm-adjusted p ≤ {LEVEL:g}"]
    rest += [f"{plural(more, 'more pair')} decided"] if more else []
    rest += [f"{family - len(decided)} of {plural(family, 'pair')} undecided"] if family > len(decided) else []
    return f"{'; '.join(claims)} ({', '.join(rest)})."


def _evidence(decided: pd.DataFrame, objective: Objective) -> tuple[str, ...]:
    places = decimals_for([*decided["difference"], 0.0])
    lines = []
    for row in decided.sort_values(["p_holm", "a", "b"], kind="stable").itertuples():
        swap = row.decided != row.a
        share = 1 - float(row.a_better) if swap else float(row.a_better)
        difference = -float(row.difference) if swap else float(row.difference)
        lines.append(
            f"{row.decided} over {row.a if swap else row.b}: better in {share:.0%} of "
            f"{plural(int(row.n), 'replicate')}, median difference in {objective.metric} {number(difference, places, signed=True)}, "
            f"Holm-adjusted p {p_value(float(row.p_holm))}."
        )
    return tuple(lines)


def _leader(scored: pd.DataFrame, objective: Objective) -> tuple[str, str]:
    """The tuner (or tied tuners) with the best median, and the sentence that says so without claiming more."""
    if scored.empty:
        return "", ""
    best = scored["median"].max() if objective.direction == "max" else scored["median"].min()
    rows = scored[scored["median"] == best]
    who = names([str(name) for name in rows["tuner"]])
    places = decimals_for([*scored["smallest"], *scored["largest"]])
    first = rows.iloc[0]
    spread = interval(float(first["low"]), float(first["high"]), places)
    band = f" ({CONFIDENCE:.0%} interval {spread})" if len(rows) == 1 and not pd.isna(first["low"]) else ""
    word = "Highest" if objective.direction == "max" else "Lowest"
    ahead = f"{word} median {objective.metric}: {who}, {number(float(best), places)}{band}"
    return who, f"{ahead}, a description of these replicates, not a claim." if len(scored) > 1 else f"{ahead}."


def _gaps(cells: pd.DataFrame, table: pd.DataFrame) -> tuple[str, ...]:
    """The cells that no comparison could use, by name."""
    lines = []
    for state, words in ((FAILED, "failed"), (UNFINISHED, "unfinished"), (MISSING, "not started")):
        part = cells[cells["state"] == state]
        if len(part):
            lines.append(f"{plural(len(part), 'cell')} {words} and not compared: {_cell_names(part)}.")
    scoreless = table[table["replicates_done"] > table["scored"]]
    for row in scoreless.itertuples():
        missing = int(row.replicates_done) - int(row.scored)
        lines.append(f"{row.tuner} ended {plural(missing, 'replicate')} without any score: every trial failed.")
    short = cells[(cells["state"] == DONE) & (cells["charged_epochs"] < cells["planned_epochs"])]
    if len(short):
        lines.append(f"{plural(len(short), 'cell')} ended before the budget was spent: {_cell_names(short)}.")
    return tuple(lines)


def _cell_names(part: pd.DataFrame) -> str:
    """``tuner (replicates 1, 2)`` for each tuner."""
    listed = []
    for tuner, own in part.groupby("tuner", sort=False):
        replicates: Sequence[str] = [str(replicate) for replicate in own["replicate"]]
        listed.append(f"{tuner} ({'replicate' if len(replicates) == 1 else 'replicates'} {names(replicates, most=8)})")
    return names(listed)
