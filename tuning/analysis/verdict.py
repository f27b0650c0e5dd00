"""The verdict in words: what the pairs of `tuning.statistics.signed_rank` allow to be claimed, and what they do not.

A difference is claimed only where its Holm-adjusted p is at most `comparison.LEVEL`. Where these replicates could
not have shown one, whatever the scores, the verdict says that instead of "no difference". Two tuners are called
practically equal only where the user set a region of practical equivalence and the interval of their difference lies
within it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tuning.analysis.curves import DONE, MISSING, UNFINISHED
from tuning.formatting import decimals_for, interval, names, number, p_value, plural
from tuning.journal.records import FAILED
from tuning.objective import Objective
from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.power import ENOUGH, MIN_SEEN, MOST
from tuning.statistics.signed_rank import LEVEL, replicates_needed

NO_VERDICT = "no verdict"  # nothing to compare, or too few replicates for any difference to show
UNDECIDED = "no difference shown"
EQUAL = "practically equal"  # every pair that is not decided is
DIFFERENCE = "difference shown"
MAX_EVIDENCE = 4  # pairs spelled out in the details; the pairwise table holds all
MAX_CLAIMS = 2  # winners named in the verdict's line; the others are counted


@dataclass(frozen=True)
class Verdict:
    """What may be claimed: one line for people who read one line, and the lines behind it.

    Attributes:
        kind: `NO_VERDICT`, `UNDECIDED`, `EQUAL` or `DIFFERENCE`.
        line: A sentence or two.
        details: Each a sentence or two.
        gaps: The cells that could not be compared, a line for each reason.
    """

    kind: str
    line: str
    details: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True)
class AtBudget:
    """What is shown when a share of the budget was spent; every share is a family of its own.

    Attributes:
        share: Of the budget.
        epochs: Spent by each cell.
        pairs: Compared.
        decided: Pairs of which one is shown better.
        equal: Pairs not decided that are practically equal.
        line: Who is shown better than whom, what is undecided and what would decide it, in a sentence or two.
    """

    share: float
    epochs: int
    pairs: int
    decided: int
    equal: int
    line: str


def verdict(
    problem: str,
    objective: Objective,
    tuners: pd.DataFrame,
    pairs: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    contestants: Sequence[str],
    baseline_pairs: pd.DataFrame | None = None,
    rope: float | None = None,
    needed: Callable[[int], int] = replicates_needed,
    winners: Sequence[str] = (),
    winner_gaps: Sequence[str] = (),
) -> Verdict:
    """The verdict on one problem.

    Args:
        problem: Its name.
        objective: Its objective.
        tuners: As `summary.tuner_table` gives it.
        pairs: As `comparison.pairwise` gives it, of the contestants.
        cells: As `analysis.cells_frame` gives it.
        contestants: The tuners to be judged; others in `tuners` are baselines.
        baseline_pairs: As `comparison.pairwise` gives it: each contestant (a) with each baseline (b).
        rope: As given to `comparison.pairwise`.
        needed: Replicates that so many pairs need before a difference can be shown.
        winners: What is said of the incumbents, as `worth` says it.
        winner_gaps: What is missing of them, as `not_retrained` says it.
    """
    every = tuners[tuners["problem"] == problem]
    table = every[every["tuner"].isin(list(contestants))]
    own = pairs[pairs["problem"] == problem]
    scored = table[table["scored"] > 0]
    leader, leading = _leader(scored, objective)
    kind, line, reasons = _judge(table, scored, own, objective, leader, needed)
    behind = [*reasons, *_equalities(own, rope, objective), *([leading] if leading else [])]
    if baseline_pairs is not None:
        behind += _against(baseline_pairs[baseline_pairs["problem"] == problem])
    gaps = (*_gaps(cells[cells["problem"] == problem], every, contestants), *winner_gaps)
    return Verdict(kind, line, (*behind, *winners, *gaps), gaps)


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
        line = f"{_claims(decided, len(table) - 1)} ({', '.join(_rest(own))})."
        return DIFFERENCE, line, (*_evidence(decided, objective), *_remedies(own))
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
        return NO_VERDICT, line, (power, *_remedies(own))
    if bool(own["equal"].all()):
        line = f"Practically equal: {names([str(name) for name in scored['tuner']])} ({n} replicates)."
        return EQUAL, line, ()
    closest = own.sort_values("p_holm", kind="stable").to_dict("records")[0]
    line = f"No difference shown between {names([str(name) for name in scored['tuner']])} ({n} replicates)."
    nearest = (
        f"Closest to a difference: {closest['a']} and {closest['b']}, Holm-adjusted p {p_value(closest['p_holm'])}. "
        "Not shown to differ is not shown to be equal."
    )
    return UNDECIDED, line, (nearest, *_remedies(own))


def at_budget(share: float, epochs: int, pairs: pd.DataFrame) -> AtBudget:
    """What the pairs of one problem say when `share` of the budget, `epochs` a cell, was spent.

    Args:
        share: Of the budget.
        epochs: That it is.
        pairs: (num_pairs, ...) as `comparison.pairwise` gives it from the scores at that budget; not empty.
    """
    decided, undecided = pairs[pairs["decided"] != ""], _undecided(pairs)
    tuners = len({*pairs["a"], *pairs["b"]})
    n = int(pairs["n"].max())
    parts = [_claims(decided, tuners - 1) if len(decided) else "no tuner is shown better than another"]
    parts[0] += " yet: no replicate has a result of two tuners" if n == 0 else ""
    equal = len(pairs) - len(decided) - len(undecided)
    parts += [f"{plural(equal, 'pair')} practically equal"] if equal else []
    parts += [f"{len(undecided)} of {plural(len(pairs), 'pair')} undecided"] if len(undecided) and n else []
    foreseen = len(undecided) and "looks" not in pairs  # a sequential rule adds replicates by itself
    remedy = f" To decide {_nearest(undecided, len(pairs))}." if foreseen else ""
    return AtBudget(share, epochs, len(pairs), len(decided), equal, f"{'; '.join(parts)}.{remedy}")


def _undecided(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs[(pairs["decided"] == "") & ~pairs["equal"].astype(bool)]


def _remedies(pairs: pd.DataFrame) -> list[str]:
    """What it would take to decide the rest, where something can be said."""
    undecided = _undecided(pairs)
    if undecided["needed"].isna().all() or int(pairs["n"].max()) < MIN_SEEN:  # nothing is foreseen of a sequential rule
        return []
    return [f"If differences are as these replicates show them, {ENOUGH:.0%} power takes {_remedy(pairs)}."]


def _remedy(pairs: pd.DataFrame) -> str:
    """The replicates it takes to decide what is undecided."""
    undecided = _undecided(pairs).sort_values(["needed", "a", "b"], kind="stable")
    known = undecided[np.isfinite(undecided["needed"].astype(float))]
    unknown = int(undecided["needed"].isna().sum())
    if unknown == len(undecided):
        return f"at least {plural(replicates_needed(len(pairs)), 'replicate')}"
    # The next study is never the one at hand: that one did not decide.
    enough = [int(max(needed, n + 1)) for needed, n in zip(known["needed"], known["n"], strict=True)]
    far = len(undecided) - len(known) - unknown
    if known.empty:
        return f"more than {MOST} replicates"
    first = known.to_dict("records")[0]
    closest = f"{first['a']} and {first['b']}" if len(known) == 1 or max(enough) > enough[0] else f"{len(known)} pairs"
    parts = [f"{plural(enough[0], 'replicate')} for {closest}"]
    parts += [f"{max(enough)} for {len(known)} of the pairs"] if max(enough) > enough[0] else []
    parts += [f"more than {MOST} for {plural(far, 'pair')}"] if far else []
    parts += [f"unknown for {plural(unknown, 'pair')}"] if unknown else []
    return ", ".join(parts)


def _nearest(undecided: pd.DataFrame, family: int) -> str:
    """The pair closest to a decision, and the replicates that it takes."""
    row = undecided.sort_values(["p", "a", "b"], kind="stable").to_dict("records")[0]
    if math.isnan(row["needed"]):
        return f"any: at least {plural(replicates_needed(family), 'replicate')}"
    enough = f"more than {MOST}" if math.isinf(row["needed"]) else f"{int(max(row['needed'], row['n'] + 1))}"
    return f"the closest, {row['a']} and {row['b']}: {enough} replicates"


def _equalities(pairs: pd.DataFrame, rope: float | None, objective: Objective) -> list[str]:
    equal = pairs[pairs["equal"].astype(bool)]
    if rope is None or equal.empty:
        return []
    who = names([f"{row['a']} and {row['b']}" for row in equal.to_dict("records")], most=MAX_EVIDENCE)
    return [
        f"Practically equal, their difference in {objective.metric} within ±{rope:g} with {CONFIDENCE:.0%} confidence "
        f"each: {who}."
    ]


def _against(pairs: pd.DataFrame) -> list[str]:
    """A line for each baseline: who is shown better than it, and than whom it is."""
    lines = []
    for baseline, part in pairs.groupby("b", sort=False):
        better = [str(name) for name in part.loc[part["decided"] == part["a"], "a"]]
        worse = [str(name) for name in part.loc[part["decided"] == baseline, "a"]]
        said = [f"{names(better)} shown better"] if better else []
        said += [f"{names(worse)} shown worse"] if worse else []
        open_pairs = len(part) - len(better) - len(worse)
        said += [f"{open_pairs} of {plural(len(part), 'tuner')} undecided"] if open_pairs else []
        lines.append(f"Against baseline {baseline}: {'; '.join(said)}.")
    return lines


def worth(winners: pd.DataFrame, contestants: Sequence[str], objective: Objective) -> tuple[str, ...]:
    """What the incumbents are worth on fresh seeds and on test, in a sentence; nothing where none was retrained.

    Args:
        winners: One problem's rows of `winners.winner_table`.
        contestants: The tuners; baselines are not named.
        objective: Of the problem.
    """
    own = winners[winners["tuner"].isin(list(contestants))]
    if own.empty:
        return ()
    tested = own[own["test"].notna()]
    column, what = (
        ("test", f"test {objective.test_metric}") if len(tested) else ("retrained", f"retrained {objective.metric}")
    )
    places = decimals_for([*own["retrained"], *tested["test"]])
    ordered = (tested if len(tested) else own).sort_values(
        [column, "tuner"], ascending=[objective.direction == "min", True], kind="stable"
    )
    best = ordered.to_dict("records")[0]
    spread = interval(best[f"{column}_low"], best[f"{column}_high"], places)
    band = f" ({CONFIDENCE:.0%} interval {spread})" if not pd.isna(best[f"{column}_low"]) else ""
    high = "Highest" if objective.direction == "max" else "Lowest"
    judged, overtuned = int(own["judged"].sum()), int(own["overtuned"].sum())
    over = f"; {overtuned} of {plural(judged, 'search', 'searches')} overtuned" if judged else ""
    optimism = float((own["optimism"] * own["cells"]).sum() / own["cells"].sum())
    away = number(abs(optimism), decimals_for([*own["optimism"], 0.0]))
    return (
        f"Trained again on fresh seeds, incumbents are on average {away} {'worse' if optimism >= 0 else 'better'} in "
        f"{objective.metric} than their search saw them{over}. {high} mean {what}: {best['tuner']}, "
        f"{number(best[column], places)}{band}{', a description of these cells, not a claim' if len(own) > 1 else ''}.",
    )


def not_retrained(retrained: pd.DataFrame, finals: pd.DataFrame, repeats: int) -> tuple[str, ...]:
    """The finished cells of one problem whose final incumbent has fewer retrainings than planned, by name.

    Args:
        retrained: As `winners.retrained_cells` gives it.
        finals: One problem's rows of `analysis.final_scores`.
        repeats: Retrainings planned for each.
    """
    scored = finals.dropna(subset=["score"]).merge(retrained, on=["problem", "tuner", "replicate"], how="left")
    lines = []
    short = scored[scored["seeds"].fillna(0) + scored["failed"].fillna(0).astype(float) < repeats]
    if len(short):
        lines.append(f"{plural(len(short), 'cell')} with fewer retrainings than planned: {_cell_names(short)}.")
    failed = scored[scored["failed"].fillna(0).astype(float) > 0]
    if len(failed):
        where = f"{plural(len(failed), 'cell')}: {_cell_names(failed)}"
        lines.append(f"Retrainings FAILED and left out in {where}; retrainings.csv has their messages.")
    return tuple(lines)


def overall(verdicts: dict[str, Verdict]) -> Verdict:
    """One verdict over problems: each is judged by itself, so this counts and names; it pools nothing."""
    if len(verdicts) == 1:
        return next(iter(verdicts.values()))
    by_kind = {
        kind: [problem for problem, found in verdicts.items() if found.kind == kind]
        for kind in (DIFFERENCE, EQUAL, UNDECIDED, NO_VERDICT)
    }
    parts = [f"{kind} on {names(problems)}" for kind, problems in by_kind.items() if problems]
    line = f"{plural(len(verdicts), 'problem')}, each judged by itself: {'; '.join(parts)}."
    kind = next((kind for kind, problems in by_kind.items() if problems), NO_VERDICT)
    details = tuple(f"{problem}: {found.line}" for problem, found in verdicts.items())
    gaps = tuple(f"{problem}: {gap}" for problem, found in verdicts.items() for gap in found.gaps)
    return Verdict(kind, line, details, gaps)


def _claims(decided: pd.DataFrame, others: int) -> str:
    """Who is shown better than whom: the tuners that beat most first."""
    beaten: dict[str, list[str]] = {}
    for row in decided.to_dict("records"):
        beaten.setdefault(row["decided"], []).append(row["b"] if row["decided"] == row["a"] else row["a"])
    winners = sorted(beaten, key=lambda winner: -len(beaten[winner]))
    claims = [
        f"{winner} is shown better than "
        + (f"all {others} others" if len(beaten[winner]) == others > 2 else names(beaten[winner]))
        for winner in winners[:MAX_CLAIMS]
    ]
    more = sum(len(beaten[winner]) for winner in winners[MAX_CLAIMS:])
    return "; ".join([*claims, *([f"{plural(more, 'more pair')} decided"] if more else [])])


def _rest(pairs: pd.DataFrame) -> list[str]:
    """At what level, and how many pairs are not decided."""
    undecided, decided = len(_undecided(pairs)), int((pairs["decided"] != "").sum())
    equal = len(pairs) - decided - undecided
    rest = [f"Holm-adjusted p ≤ {LEVEL:g}"]
    rest += [f"{equal} of {plural(len(pairs), 'pair')} practically equal"] if equal else []
    rest += [f"{undecided} of {plural(len(pairs), 'pair')} undecided"] if undecided else []
    return rest


def _evidence(decided: pd.DataFrame, objective: Objective) -> tuple[str, ...]:
    places = decimals_for([*decided["difference"], 0.0])
    lines = []
    for row in decided.sort_values(["p_holm", "a", "b"], kind="stable").to_dict("records")[:MAX_EVIDENCE]:
        swap = row["decided"] != row["a"]
        share = 1 - row["a_better"] if swap else row["a_better"]
        difference = -row["difference"] if swap else row["difference"]
        lines.append(
            f"{row['decided']} over {row['a'] if swap else row['b']}: better in {share:.0%} of "
            f"{plural(row['n'], 'replicate')}, difference in {objective.metric} "
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


def _gaps(cells: pd.DataFrame, table: pd.DataFrame, contestants: Sequence[str]) -> tuple[str, ...]:
    """The cells that no comparison could use, by name."""
    lines = []
    for state, words in ((FAILED, "failed"), (UNFINISHED, "unfinished"), (MISSING, "not started")):
        part = cells[cells["state"] == state]
        if len(part):
            lines.append(f"{plural(len(part), 'cell')} {words} and not compared: {_cell_names(part)}.")
    scoreless = table[table["replicates_done"] > table["scored"]]
    for row in scoreless.to_dict("records"):
        missing = row["replicates_done"] - row["scored"]
        lines.append(
            f"{row['tuner']} ended {plural(missing, 'replicate')} without any score: no trial of theirs has one."
        )
    # A baseline may want less: the default configuration is trained once.
    ended = cells[(cells["state"] == DONE) & cells["tuner"].isin(list(contestants))]
    short = ended[ended["charged_epochs"] < ended["planned_epochs"]]
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
