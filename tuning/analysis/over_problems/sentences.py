"""The statements over problems in words."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from tuning.analysis.over_problems.measured import Measured
from tuning.analysis.verdict.sentences import claims, not_shown
from tuning.formatting import interval, names, number, p_value, plural
from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.signed_rank import LEVEL

MAX_EVIDENCE = 4  # pairs spelled out; the table holds all
LOOKS = (
    "Replicates were added by a rule that looks at the scores of a problem; what is said over problems takes their "
    "number as given."
)
Row = Mapping[Hashable, Any]


def spreads(value: float) -> str:
    """A difference in the unit that problems share."""
    return f"{number(abs(value), 2)} spreads"


def nothing(found: Measured, pairs: pd.DataFrame) -> str:
    """Why there is no verdict."""
    if found.problems and pairs.empty:
        return "No verdict over problems: there are no two different algorithms to compare."
    if not found.problems:
        return "No verdict over problems: none has two tuners with scores enough to know how much searches vary."
    if len(found.problems) == 1:
        return f"No verdict over problems: only {found.problems[0]} has scores enough to be compared with others."
    return "No verdict over problems: no two tuners have two problems in common."


def shown(pairs: pd.DataFrame, found: Measured, better_than: str) -> str:
    """Who is better on these problems, and whether that holds for problems like these.

    Args:
        pairs: `OverProblems.pairs`.
        found: What was compared.
        better_than: The reference, if only is asked whether a tuner is better than it.
    """
    decided, general = pairs[pairs["decided"] != ""], pairs[pairs["general_decided"] != ""]
    others = len({*pairs["a"], *pairs["b"]}) - 1
    left = len(pairs) - len(decided)
    rest = f", {left} of {plural(len(pairs), 'pair')} undecided" if left else ""
    line = f"{claims(decided, others)}, on average over these {len(found.problems)} problems"
    line += f" (Holm-adjusted {'one-sided ' if better_than else ''}p ≤ {LEVEL:g}{rest})."
    if general.empty:
        return f"{line} For problems like these in general, no difference is shown."
    if len(general) == len(decided):
        return f"{line} That also holds for problems like these in general."
    return f"{line} For problems like these in general: {claims(general, others)}."


def nothing_shown(pairs: pd.DataFrame, found: Measured, better_than: str) -> str:
    who = list(dict.fromkeys([*pairs["a"], *pairs["b"]]))
    return f"{not_shown(who, better_than)} on average over these {len(found.problems)} problems."


def evidence(pairs: pd.DataFrame) -> list[str]:
    """The pairs that are shown, else the one nearest to it."""
    if pairs.empty or pairs["problems"].max() < 2:
        return []
    ordered = pairs.sort_values(["p_holm", "p", "a", "b"], kind="stable")
    decided = ordered[ordered["decided"] != ""]
    rows = (decided if len(decided) else ordered.head(1)).to_dict("records")
    lines = [_pair(row) for row in rows[:MAX_EVIDENCE]]
    if len(rows) > MAX_EVIDENCE:
        lines.append(f"{plural(len(rows) - MAX_EVIDENCE, 'more pair')} decided: see the table of pairs.")
    return lines


def _pair(row: Row) -> str:
    """What is known of a pair, the better one first."""
    swap = row["difference"] < 0
    a, b = (row["b"], row["a"]) if swap else (row["a"], row["b"])

    def ends(low: str, high: str) -> str:
        first, second = (-row[high], -row[low]) if swap else (row[low], row[high])
        return interval(first, second, 2)

    lead = f"{a} over {b}" if row["decided"] else f"Nearest to a difference: {a} over {b}"
    placed = row["where"]
    if swap:
        placed = f"{b} is {placed}"
    parts = [
        f"{lead}: by {spreads(row['difference'])} on average over {plural(row['problems'], 'problem')} "
        f"({CONFIDENCE:.0%} interval {ends('low', 'high')}; Holm-adjusted p {p_value(row['p_holm'])}); {placed}."
    ]
    if row["draws"] > 1:
        parts.append(
            f"On problems like these, on average {ends('general_low', 'general_high')} (Holm-adjusted p "
            f"{p_value(row['general_p_holm'])}); a study of one more would find {ends('new_low', 'new_high')}."
        )
        parts.append(_varies(row))
    return " ".join(parts)


def _varies(row: Row) -> str:
    """Whether the difference depends on the problem."""
    if row["varies_p"] <= LEVEL:
        return (
            f"The difference depends on the problem: it varies by {spreads(row['varies'])} (standard deviation, "
            f"Cochran's p {p_value(row['varies_p'])})."
        )
    return "It does not vary more over problems than the searches explain."


def stability(left_out: pd.DataFrame, tuner: str, pairs: pd.DataFrame) -> list[str]:
    """Whether one problem alone makes the recommendation, or what is shown."""
    if left_out.empty:
        return []
    other = left_out[left_out["tuner"] != tuner]
    lines = [f"Without any one problem, {tuner} would still be recommended."]
    if len(other):
        said = "; ".join(f"without {row['without']} it is {row['tuner']}" for row in other.to_dict("records"))
        lines = [f"The recommendation hangs on single problems: {said}."]
    if (pairs["decided"] != "").any():
        lost = left_out[left_out["lost"] != ""]
        said = "; ".join(f"without {row['without']}, not {row['lost']}" for row in lost.to_dict("records"))
        lines.append(
            f"What is shown hangs on single problems: {said}."
            if said
            else "What is shown over these problems would also be shown without any one of them."
        )
    return lines


def single_problems(single: pd.DataFrame) -> list[str]:
    """What is shown on single problems, corrected over all of them."""
    if single["p"].notna().sum() == 0:
        return []
    lead = f"On single problems, with all {plural(len(single), 'pair')} in one family of their own (Holm)"
    decided = single[single["decided"] != ""]
    if decided.empty:
        return [f"{lead}: no difference is shown."]
    said = [
        f"{row['decided']} better than {row['b'] if row['decided'] == row['a'] else row['a']} on {row['problem']}"
        for row in decided.sort_values("p_all", kind="stable").to_dict("records")
    ]
    return [f"{lead}: {names(said, most=MAX_EVIDENCE)}."]


def shared_draws(found: Measured) -> list[str]:
    """Problems that share data."""
    groups = [found.of_draw(draw) for draw in range(found.number) if found.draws.count(draw) > 1]
    if not groups:
        return []
    return [
        f"Independent problems: {found.number} of {len(found.problems)}; {'; '.join(groups)} share data or a table, "
        "and count as one."
    ]


def perhaps_shared(groups: Sequence[Sequence[str]]) -> list[str]:
    """Problems that may share data, which only the reader can know."""
    return [
        f"{names(group)} have data of the same sizes. If these are the same rows in another form, they are not "
        "independent, and intervals for problems like these are too narrow."
        for group in groups
    ]
