"""The sentences of a verdict: who is shown better, why, what would decide the rest, and what winners are worth."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd

from tuning.analysis.endpoints import Endpoint
from tuning.analysis.interval_coverage import short_of
from tuning.analysis.overtuning import Overtuning
from tuning.analysis.searching import TUNERS
from tuning.budget import Budget
from tuning.formatting import decimals_for, interval, names, number, p_value, plural
from tuning.journal.plan import BETTER, SEARCH
from tuning.objective import Objective
from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.power import ENOUGH, MOST
from tuning.statistics.signed_rank import LEVEL

MAX_EVIDENCE = 4  # pairs spelled out in the details; the pairwise table holds all
MEANINGFUL = 0.75  # chance of being better; Bouthillier et al., MLSys 2021, section 4.2
MAX_CLAIMS = 2  # winners named in the verdict's line; the others are counted


def undecided_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs[(pairs["decided"] == "") & ~pairs["equal"].astype(bool)]


def claims(decided: pd.DataFrame, others: int) -> str:
    """Who is shown to beat whom; the tuners that beat most come first."""
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


def not_shown(tuners: Sequence[str], better_than: str) -> str:
    """That nothing is, up to the full stop; `better_than` is the reference if only one direction was asked about."""
    if better_than:
        return f"{names([name for name in tuners if name != better_than])} not shown better than {better_than}"
    return f"No difference shown between {names(tuners)}"


def qualifiers(pairs: pd.DataFrame, better_than: str = "") -> list[str]:
    """At what level, and how many pairs are not decided."""
    undecided, decided = len(undecided_pairs(pairs)), int((pairs["decided"] != "").sum())
    equal = len(pairs) - decided - undecided
    rest = [f"Holm-adjusted {'one-sided ' if better_than else ''}p ≤ {LEVEL:g}"]
    rest += [f"{equal} of {plural(len(pairs), 'pair')} practically equal"] if equal else []
    rest += [f"{undecided} of {plural(len(pairs), 'pair')} undecided"] if undecided else []
    return rest


def evidence(decided: pd.DataFrame, metric: str) -> tuple[str, ...]:
    places = decimals_for([*decided["difference"], 0.0])
    lines = []
    for row in decided.sort_values(["p_holm", "a", "b"], kind="stable").to_dict("records")[:MAX_EVIDENCE]:
        swap = row["decided"] != row["a"]
        share, low, high = (row[f"a_better{end}"] for end in ("", "_low", "_high"))
        if swap:
            share, low, high = 1 - share, 1 - high, 1 - low
        difference = -row["difference"] if swap else row["difference"]
        small = "" if high > MEANINGFUL else f", below the {MEANINGFUL:.0%} that make a difference meaningful"
        lines.append(
            f"{row['decided']} over {row['a'] if swap else row['b']}: better with a chance of {share:.0%} "
            f"({CONFIDENCE:.0%} interval {low:.0%} to {high:.0%}{small}; {plural(row['n'], 'replicate')}), difference "
            f"in {metric} {number(difference, places, signed=True)}, Holm-adjusted p {p_value(row['p_holm'])}."
        )
    if len(decided) > MAX_EVIDENCE:
        lines.append(f"{plural(len(decided) - MAX_EVIDENCE, 'more pair')} decided: see the pairwise table.")
    return tuple(lines)


def nearest(pairs: pd.DataFrame) -> dict[Hashable, Any]:
    """The pair of the smallest p, the first by name of several, so that all sentences speak of one."""
    return pairs.sort_values(["p", "a", "b"], kind="stable").to_dict("records")[0]


def remedies(pairs: pd.DataFrame) -> list[str]:
    """How many replicates might decide the pair `nearest` to it, if anything speaks for a difference."""
    undecided = undecided_pairs(pairs)
    if undecided.empty or pd.isna((row := nearest(undecided))["needed_low"]):
        return []
    fewest = max(int(row["needed_low"]), row["n"] + 1)  # so many did not decide
    most = f"more than {MOST}" if row["needed_high"] > MOST else f"{max(int(row['needed_high']), fewest)}"
    about = f"more than {MOST}" if fewest > MOST else most if most == f"{fewest}" else f"{fewest} to {most}"
    return [
        f"Nearest to a decision: {row['a']} against {row['b']}, {about} replicates for {ENOUGH:.0%} power, as large as "
        "the difference may be. Let --until-decided add them, in another folder: adding some and testing again finds "
        "differences that are not there."
    ]


def equalities(pairs: pd.DataFrame, rope: float | None, metric: str) -> list[str]:
    equal = pairs[pairs["equal"].astype(bool)]
    if rope is None or equal.empty:
        return []
    who = names([f"{row['a']} and {row['b']}" for row in equal.to_dict("records")], most=MAX_EVIDENCE)
    return [
        f"Practically equal, their difference in {metric} within ±{rope:g} by tests of "
        f"the median and of the mean (Holm-adjusted p ≤ {LEVEL:g}): {who}."
    ]


def against_baselines(together: pd.DataFrame, pairs: pd.DataFrame, metric: str) -> list[str]:
    """A line for each baseline: whether searching beats it, and which tuners do by themselves."""
    lines = []
    for row in together.to_dict("records"):
        baseline, part = row["baseline"], pairs[pairs["b"] == row["baseline"]]
        if not row["replicates"]:
            lines.append(f"Against baseline {baseline}: no replicate is finished by it and by all tuners.")
            continue
        places = decimals_for([row["low"], row["high"], 0.0])
        ends = (
            "" if pd.isna(row["low"]) else f" ({CONFIDENCE:.0%} interval {interval(row['low'], row['high'], places)})"
        )
        found = {"": "not told apart from it", TUNERS: "shown better"}.get(row["decided"], "shown worse")
        lines.append(
            f"Against baseline {baseline}: the tuners together are {found}: better in {row['better']:.0%} of "
            f"comparisons, mean difference in {metric} "
            f"{number(row['difference'], places, signed=True)}{ends}, Holm-adjusted p {p_value(row['p_holm'])}."
            f"{_one_by_one(part, baseline) if len(part) > 1 else ''}"
        )
    return lines


def _one_by_one(part: pd.DataFrame, baseline: str) -> str:
    better = [str(name) for name in part.loc[part["decided"] == part["a"], "a"]]
    worse = [str(name) for name in part.loc[part["decided"] == baseline, "a"]]
    parts = [f"{names(better)} shown better"] if better else []
    parts += [f"{names(worse)} shown worse"] if worse else []
    undecided = len(part) - len(better) - len(worse)
    parts += [f"{undecided} of {plural(len(part), 'tuner')} undecided"] if undecided else []
    return f" Each tuner by itself: {'; '.join(parts)}."


def timed(budget: Budget) -> tuple[str, ...]:
    """That the budget is a time, in a sentence; empty if it is not."""
    if budget.seconds is None:
        return ()
    return (
        f"The budget is a time, {budget.words()}: the result depends on the machine and on what else ran on it. Each "
        "search is judged by what it had when its time was over.",
    )


def added(extended: Sequence[int]) -> tuple[str, ...]:
    """That replicates were added by hand, in a sentence; empty if not."""
    if not extended:
        return ()
    return (
        f"Replicates were added in later runs ({', then '.join(map(str, extended))}), but each p is that of one test "
        "at the end. If they were added because of what was seen, differences that are not there are shown in more "
        f"than {LEVEL:.0%} of studies; --until-decided allows for the looks.",
    )


def asked(reference: str, alternative: str, declared: bool) -> tuple[str, ...]:
    """That a study asks of one direction only, in a sentence; empty if it does not."""
    if alternative != BETTER:
        return ()
    end = ", as declared before the run" if declared else ""
    return (
        f"Asked is only whether each tuner is better than {reference}{end}: the tests are one-sided, and no tuner is "
        "shown worse. Intervals have two ends.",
    )


def about(scored: Endpoint, retrain: int, declared: bool) -> str:
    """What the verdict is about, in a sentence."""
    if scored.kind == SEARCH:
        why = "because nothing was retrained" if not retrain else "as the study asked"
        return (
            f"The verdict is about the {scored.name}, {why}: that is luck and skill of a search together, and more "
            "trials have more luck."
        )
    end = ", as declared before the run" if declared else ""
    seeds = "" if scored.noise_free else f" ({retrain} each)"
    return f"The verdict is about the {scored.name}{seeds}{end}."


def leading(scored: pd.DataFrame, metric: str, objective: Objective) -> tuple[str, str]:
    """The tuner (or tied tuners) with the best mean, and the sentence that says so without claiming more.

    Args:
        scored: `Endpoint.table` of the tuners with a score.
        metric: Of the endpoint.
        objective: Says which direction is better.
    """
    if scored.empty:
        return "", ""
    best = objective.best(scored["mean"])
    rows = scored[scored["mean"] == best]
    who = names([str(name) for name in rows["tuner"]])
    places = decimals_for([*scored["smallest"], *scored["largest"]])
    first = rows.to_dict("records")[0]
    spread = interval(first["low"], first["high"], places) + short_of([first["scored"]], hold="holds")
    band = f" ({CONFIDENCE:.0%} interval {spread})" if len(rows) == 1 and not pd.isna(first["low"]) else ""
    word = "Highest" if objective.sign > 0 else "Lowest"
    ahead = f"{word} mean of {metric}: {who}, {number(float(best), places)}{band}"
    return who, f"{ahead}, a description of these replicates, not a claim." if len(scored) > 1 else f"{ahead}."


def hopes(
    winners: pd.DataFrame,
    overtuned: Overtuning,
    contestants: Sequence[str],
    objective: Objective,
    *,
    noise_free: bool = False,
) -> tuple[str, ...]:
    """How much better the searches saw their incumbents than they are, and whether they went on too long.

    Args:
        winners: The problem's `winners.winner_table`.
        overtuned: The problem's.
        contestants: The tuners; baselines are not named.
        objective: Of the problem.
        noise_free: Whether retrainings are curves without noise.
    """
    retrained = winners[winners["tuner"].isin(list(contestants))]
    lines = []
    alike, cells = int(retrained["in_full"].sum()), int(retrained["cells"].sum())
    if alike and retrained["optimism"].notna().any():
        optimism = float((retrained["optimism"] * retrained["in_full"]).sum() / alike)
        away = number(abs(optimism), decimals_for([*retrained["optimism"], 0.0]))
        lines.append(
            f"{'Without noise' if noise_free else 'Trained again on fresh seeds'}, winners are on average {away} "
            f"{'worse' if optimism >= 0 else 'better'} in {objective.metric} than their search saw them."
        )
    if short := cells - alike:
        lines.append(
            f"{short} of {plural(cells, 'search', 'searches')} ended at a winner that was not trained in full: "
            "what its retraining gains by more epochs says nothing about luck, and is not counted there."
        )
    return (*lines, *_went_on(overtuned))


def _went_on(overtuned: Overtuning) -> list[str]:
    """Which share of searches is overtuned; empty if nothing can be judged."""
    if overtuned.table.empty:
        return []
    row = overtuned.table.to_dict("records")[-1]
    than = "the study's rope" if overtuned.given else "one standard deviation of the judged score from seed to seed"
    return [
        f"Overtuned are an estimated {row['overtuned']:.0%} of {plural(row['judged'], 'search', 'searches')} with an "
        f"earlier incumbent ({CONFIDENCE:.0%} interval {row['low']:.0%} to {row['high']:.0%}): they ended at something "
        f"truly worse than they had, by more than {than} ({overtuned.matters:.2g})."
    ]
