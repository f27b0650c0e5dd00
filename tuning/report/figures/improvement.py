"""How probably one tuner beats another, each pair with its interval (Agarwal et al., NeurIPS 2021, figure 4)."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from tuning.analysis.problem_summary import ProblemSummary
from tuning.formatting import names, plural
from tuning.report.figures.base import INK, ROW, Figure, colours, finished, values
from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.signed_rank import LEVEL

MAX_PAIRS = 15  # with more, only those of one tuner are drawn
MEANINGFUL = 0.75  # Bouthillier et al. (MLSys 2021, section 4.2)
PAIR_COLUMNS = ["pair", "tuner", "chance", "low", "high", "replicates", "shown"]


def few(pairs: pd.DataFrame, one: str) -> tuple[pd.DataFrame, str]:
    """Of more than `MAX_PAIRS` pairs those of one tuner, if there is one; and what is left out, in words."""
    own = pairs[(pairs["a"] == one) | (pairs["b"] == one)]
    if len(pairs) <= MAX_PAIRS or not one or len(own) == len(pairs):
        return pairs, ""
    return own, f" Of {len(pairs)} pairs, those of {one} are drawn; the table has all."


def ordered_pairs(problem: ProblemSummary) -> tuple[pd.DataFrame, str]:
    """The pairs to draw, the better tuner first and the clearest pair on top, and what is left out, in words.

    Of many pairs, those of the reference, or of the tuner to choose.

    Returns:
        (num_pairs, 7), `PAIR_COLUMNS`: pair (its title), tuner (the better one), chance, low, high, replicates, shown
        ("yes" or "no").
    """
    pairs, left_out = few(problem.pairs[problem.pairs["n"] > 0], problem.contest.reference or problem.choice.tuner)
    rows = []
    for row in pairs.to_dict("records"):
        first, second, chance, ends = row["a"], row["b"], row["a_better"], (row["a_better_low"], row["a_better_high"])
        if chance < 0.5:
            first, second, chance, ends = second, first, 1 - chance, (1 - ends[1], 1 - ends[0])
        shown = "yes" if row["decided"] else "no"
        rows.append((f"{first} beats {second}", first, chance, *ends, row["n"], shown))
    frame = pd.DataFrame(rows, columns=PAIR_COLUMNS)
    return frame.sort_values(["chance", "low"], ascending=False, kind="stable", ignore_index=True), left_out


def improvement(problem: ProblemSummary, slug: str = "") -> Figure | None:
    """The chance that one tuner beats another, a dot with its interval for each pair."""
    rows, left_out = ordered_pairs(problem)
    if rows.empty:
        return None
    described = "; ".join(
        f"{row['pair']} {row['chance']:.0%} ({row['low']:.0%} to {row['high']:.0%})" for row in rows.to_dict("records")
    )
    shown = names(list(rows.loc[rows["shown"] == "yes", "pair"]), most=12) or "none"
    description = (
        f"Dots with whiskers of the chance that the first tuner of a pair beats the second, {plural(len(rows), 'pair')}"
        f": {described}. Shown better: {shown}."
    )
    kind = "replicates" if problem.endpoint.paired else "pairs of replicates"
    how = "Clopper and Pearson's" if problem.endpoint.paired else "Newcombe's"
    return Figure(
        f"improvement{slug}",
        "Probability of improvement",
        f"In how many {kind} the first tuner of a pair was better, ties counted half, with {how} {CONFIDENCE:.0%} "
        f"interval of each. At 50% the two are equally good; differences below {MEANINGFUL:.0%} (dashed) are "
        f"seldom worth much. A filled dot: the difference is shown, at a Holm-adjusted p of at most {LEVEL:g}."
        f"{left_out}",
        description,
        finished(_chart(rows, problem), description, ROW * len(rows)),
    )


def _chart(rows: pd.DataFrame, problem: ProblemSummary) -> alt.LayerChart:
    """Each pair's title stands above its dot, so that narrow windows have room for both."""
    tuners = list(problem.contest.tuners)
    scale = alt.Scale(domain=tuners, range=colours(tuners))
    drawn = alt.Chart(values(rows.round({"chance": 4, "low": 4, "high": 4}))).encode(
        y=alt.Y(field="pair", type="nominal", axis=None, sort=None, scale=alt.Scale(domain=list(rows["pair"]))),
    )
    told = drawn.encode(
        color=alt.Color(field="tuner", type="nominal", scale=scale, legend=None),
        tooltip=[
            alt.Tooltip(field="pair", type="nominal", title="pair"),
            *(
                alt.Tooltip(field=field, type="quantitative", title=title, format=".0%")
                for field, title in (("chance", "chance"), ("low", "interval from"), ("high", "to"))
            ),
            alt.Tooltip(field="replicates", type="quantitative", title="replicates"),
            alt.Tooltip(field="shown", type="nominal", title="shown better"),
        ],
    )
    whiskers = told.mark_rule(strokeWidth=2).encode(x=alt.X(field="low", type="quantitative"), x2=alt.X2(field="high"))
    x = alt.X(
        field="chance",
        type="quantitative",
        title="chance of being better",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
    lines = line("chance", 0.5, [1, 0]), line("chance", MEANINGFUL, [4, 4])
    return alt.layer(*lines, titles(drawn, -11), whiskers, dots(told, x, scale))  # type: ignore[return-value]


def titles(drawn: alt.Chart, dy: int) -> alt.Chart:
    """Of the pairs, so many pixels off their dots."""
    written: alt.Chart = drawn.mark_text(align="left", dy=dy, fontSize=12, aria=False).encode(
        x=alt.value(2), text=alt.Text(field="pair", type="nominal")
    )
    return written


def dots(told: alt.Chart, x: alt.X, scale: alt.Scale) -> alt.Chart:
    """Of the pairs, filled where a difference is shown."""
    drawn: alt.Chart = told.mark_point(size=90, strokeWidth=2, opacity=1).encode(
        x=x,
        fill=alt.Fill(field="tuner", type="nominal", scale=scale, legend=None),
        fillOpacity=alt.condition(alt.datum.shown == "yes", alt.value(1), alt.value(0)),
    )
    return drawn


def line(field: str, at: float, dash: Sequence[int] = ()) -> alt.Chart:
    """Across all pairs, at a value of the field on the horizontal axis."""
    drawn: alt.Chart = (
        alt.Chart(values(pd.DataFrame({field: [at]})))
        .mark_rule(color=INK, strokeDash=list(dash) or alt.Undefined, strokeWidth=1, aria=False)
        .encode(x=alt.X(field=field, type="quantitative"))
    )
    return drawn
