"""The verdict in words: what the pairs of `tuning.comparison` allow to be claimed, and what they do not.

A difference is claimed only where its Holm-adjusted p is at most `comparison.LEVEL`. Where these replicates could
not have shown one, whatever the scores, the verdict says that instead of "no difference".
"""

from __future__ import annotations

from collections.abc import Callable
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
MAX_EVIDENCE = 4  # pairs spelled out in the details; the pairwise table holds all
MAX_CLAIMS = 2  # winners named in the verdict's line; the others are counted


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
    problem: str,
    objective: Objective,
    tuners: pd.DataFrame,
    pairs: pd.DataFrame,
    cells: pd.DataFrame,
    needed: Callable[[int], int] = replicates_needed,
) -> Verdict:
    """The verdict on one problem.

    Args:
        problem: Its name.
        objective: Its objective.
        tuners: As `summary.tuner_table` gives it.
        pairs: As `comparison.pairwise` gives it.
        cells: As `analysis.cells_frame` gives it.
        needed: Replicates that so many pairs need before a difference can be shown.
    """
    table = tuners[tuners["problem"] == problem]
    own = pairs[pairs["problem"] == problem]
    scored = table[table["scored"] > 0]
    leader, leading = _leader(scored, objective)
    kind, line, reasons = _judge(table, scored, own, objective, leader, needed)
    gaps = _gaps(cells[cells["problem"] == problem], table)
    return Verdict(kind, line, (*reasons, *([leading] if leading else []), *gaps), gaps)


def _judge(
    table: pd.DataFrame,
    scored: pd.DataFrame,
    own: pd.DataFrame,
    objective: Objective,
    leader: str,
    needed_for: Callable[[int], int],
) -> tuple[str, str, tuple[str, ...]]:
    """Kind, line and reasons of one problem's verdict."""
    if scored.empty:
        return NO_VERDICT, "No verdict: no cell has a final score.", ()
    if len(scored) == 1:
        only = "one tuner" if len(table) == 1 else f"only {leader} has a final score"
        return NO_VERDICT, f"No verdict: {only}, nothing to compare it with.", ()
    n, family = int(own["n"].max()), len(own)
    decided = own[own["decided"] != ""]
    if len(decided):
        return DIFFERENCE, _claims(decided, table, family), _evidence(decided, objective)
    if n == 0:
        return NO_VERDICT, "No verdict: no replicate is finished by two tuners.", ()
    needed = needed_for(family)
    compared = "one pair" if family == 1 else f"{family} pairs"
    if n == 1:
        line = f"No verdict: one replicate shows nothing about chance; {leader} scored best in it."
        return NO_VERDICT, line, (f"At least {needed} replicates are needed to compare {compared}.",)
    smallest = float(own["smallest_p"].min())
    if smallest * family > LEVEL:
        line = (
            f"No verdict: with {n} replicates no difference can be shown at {LEVEL:.0%}; {needed} or more are needed."
        )
        power = (
            f"The smallest p that {n} paired replicates can give is {p_value(smallest)}, and Holm's adjustment for "
            f"{compared} multiplies it by {family}."
        )
        return NO_VERDICT, line, (power,)
    closest = own.sort_values("p_holm", kind="stable").to_dict("records")[0]
    line = f"No difference shown between {names([str(name) for name in scored['tuner']])} ({n} replicates)."
    nearest = (
        f"Closest to a difference: {closest['a']} and {closest['b']}, Holm-adjusted p {p_value(closest['p_holm'])}. "
        "Not shown to differ is not shown to be equal."
    )
    return UNDECIDED, line, (nearest,)


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
    details = tuple(f"{problem}: {found.line}" for problem, found in verdicts.items())
    gaps = tuple(f"{problem}: {gap}" for problem, found in verdicts.items() for gap in found.gaps)
    return Verdict(kind, line, details, gaps)


def _claims(decided: pd.DataFrame, table: pd.DataFrame, family: int) -> str:
    """Who is shown better than whom: the tuners that beat most first, the rest counted."""
    beaten: dict[str, list[str]] = {}
    for row in decided.to_dict("records"):
        beaten.setdefault(row["decided"], []).append(row["b"] if row["decided"] == row["a"] else row["a"])
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
    for row in decided.sort_values(["p_holm", "a", "b"], kind="stable").to_dict("records")[:MAX_EVIDENCE]:
        swap = row["decided"] != row["a"]
        share = 1 - row["a_better"] if swap else row["a_better"]
        difference = -row["difference"] if swap else row["difference"]
        lines.append(
            f"{row['decided']} over {row['a'] if swap else row['b']}: better in {share:.0%} of "
            f"{plural(row['n'], 'replicate')}, median difference in {objective.metric} "
            f"{number(difference, places, signed=True)}, Holm-adjusted p {p_value(row['p_holm'])}."
        )
    if len(decided) > MAX_EVIDENCE:
        lines.append(f"{plural(len(decided) - MAX_EVIDENCE, 'more pair')} decided: see the pairwise table.")
    return tuple(lines)


def _leader(scored: pd.DataFrame, objective: Objective) -> tuple[str, str]:
    """The tuner (or tied tuners) with the best median, and the sentence that says so without claiming more."""
    if scored.empty:
        return "", ""
    best = scored["median"].max() if objective.direction == "max" else scored["median"].min()
    rows = scored[scored["median"] == best]
    who = names([str(name) for name in rows["tuner"]])
    places = decimals_for([*scored["smallest"], *scored["largest"]])
    first = rows.to_dict("records")[0]
    spread = interval(first["low"], first["high"], places)
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
    for row in scoreless.to_dict("records"):
        missing = row["replicates_done"] - row["scored"]
        lines.append(f"{row['tuner']} ended {plural(missing, 'replicate')} without any score: every trial failed.")
    short = cells[(cells["state"] == DONE) & (cells["charged_epochs"] < cells["planned_epochs"])]
    if len(short):
        lines.append(f"{plural(len(short), 'cell')} ended before the budget was spent: {_cell_names(short)}.")
    return tuple(lines)


def _cell_names(part: pd.DataFrame) -> str:
    """``tuner (replicates 1, 2)`` for each tuner."""
    listed = []
    for tuner, own in part.groupby("tuner", sort=False):
        replicates = [str(replicate) for replicate in own["replicate"]]
        listed.append(f"{tuner} ({'replicate' if len(replicates) == 1 else 'replicates'} {names(replicates, most=8)})")
    return names(listed)
