"""The figures of the comparison itself: ranks over budget, the pairwise matrix, critical difference, profiles."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tuning.analysis.problem_summary import Comparison, ProblemSummary
from tuning.formatting import names, p_value, plural
from tuning.report.figures.base import INK, PALETTE, ROW, Figure, finished, score_axis, tuner_colour, tuner_dash, values
from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.signed_rank import LEVEL

MAX_MATRIX = 12  # tuners whose pairs are drawn as a matrix; more are only in the table
CELL_SIZE = 44  # pixels of height for each row of the matrix
STRETCH = 0.04  # of the budget, for the final rank
WORSE, EVEN, BETTER = "#E9A27A", "#F5F5F5", "#7FB3D9"  # light, for dark text on them, in print and on a dark page


def rank_over_budget(compared: Comparison, slug: str = "") -> Figure | None:
    """Mean rank of every tuner against epochs spent, of one problem or over all, with bands."""
    ranked = compared.standings[compared.standings["rank"].notna()]
    if ranked.empty or compared.contest.budget_epochs == ranked["spent_epochs"].min():
        return None
    columns = ["tuner", "spent_epochs", "rank", "rank_low", "rank_high"]
    budget = compared.contest.budget_epochs
    # A step shows its value up to the next one: without a stretch of its own, the last would be a line's end.
    rows = ranked[columns]
    rows = pd.concat([rows, rows[rows["spent_epochs"] == budget].assign(spent_epochs=budget * (1 + STRETCH))])
    tuners = list(compared.contest.tuners)
    picked = alt.selection_point(name="tuners", fields=["tuner"], bind="legend")
    x = alt.X(
        field="spent_epochs",
        type="quantitative",
        title=compared.contest.spent_words,
        scale=alt.Scale(domain=[0, budget * (1 + STRETCH)], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False),
    )
    scale = alt.Scale(domain=[len(tuners) + 0.2, 0.8], nice=False)
    axis = alt.Axis(values=list(range(1, len(tuners) + 1)), format="d")
    y = alt.Y(field="rank", type="quantitative", title="mean rank (1 is best)", scale=scale, axis=axis)
    colour = tuner_colour(tuners)
    layers = []
    if rows["rank_low"].notna().any():
        band = alt.Chart(values(rows[rows["rank_low"].notna()])).mark_area(interpolate="step-after", aria=False)
        layers.append(
            band.encode(
                x=x,
                y=alt.Y(field="rank_low", type="quantitative", scale=scale, title="mean rank (1 is best)"),
                y2=alt.Y2(field="rank_high"),
                color=colour,
                opacity=alt.condition(picked, alt.value(0.1), alt.value(0.01)),
            )
        )
    shown = alt.condition(picked, alt.value(1), alt.value(0.1))
    line = alt.Chart(values(rows[columns[:3]])).encode(x=x, y=y, color=colour, opacity=shown)
    drawn = line.mark_line(interpolate="step-after", strokeWidth=2.6)
    if len(tuners) > len(PALETTE):
        drawn = drawn.encode(strokeDash=tuner_dash(tuners))
    dots = alt.Chart(values(ranked[columns[:3]])).mark_point(size=60, filled=True, aria=False)
    points = dots.encode(
        x=x,
        y=y,
        opacity=alt.value(0),
        tooltip=[
            alt.Tooltip(field="tuner", type="nominal", title="tuner"),
            alt.Tooltip(
                field="spent_epochs", type="quantitative", title=compared.contest.spent_words.removeprefix("training ")
            ),
            alt.Tooltip(field="rank", type="quantitative", title="mean rank", format=".2f"),
        ],
    )
    blocks = int(ranked["blocks"].iloc[0])
    over = (
        f"the {plural(blocks, 'replicate')} that all tuners finished"
        if compared.block == "replicate"
        else plural(blocks, compared.block)
    )
    kind = "Clopper and Pearson's" if compared.block == "replicate" else "Student's"
    band_words = (
        f"; bands are {kind} {CONFIDENCE:.0%} intervals" if layers else f"; too few {compared.block}s for intervals"
    )
    last = ranked[ranked["spent_epochs"] == ranked["spent_epochs"].max()].sort_values("rank", kind="stable")
    ends = "; ".join(f"{row['tuner']} {row['rank']:.2f}" for row in last.to_dict("records"))
    description = (
        f"Step curves of the mean rank over {over} against {compared.contest.spent_words}. At the end: {ends}."
    )
    return Figure(
        f"rank_over_budget{slug}",
        "Rank over budget, by the best score seen",
        f"Mean rank over {over}, at {plural(ranked['spent_epochs'].nunique(), 'budget')}, from "
        f"the first at which each has a result{band_words}. A step is the rank from that budget on; the last, past the "
        "budget's end, is final.",
        description,
        finished(alt.layer(*layers, drawn, points).add_params(picked), description, 240),
    )


def pair_matrix(problem: ProblemSummary, slug: str = "") -> Figure | None:
    """How often the row's tuner beats the column's; framed if one is shown to be better."""
    pairs = problem.pairs[problem.pairs["n"] > 0]
    if len(pairs) < 2 or len(problem.contest.tuners) > MAX_MATRIX:
        return None
    both = [
        {
            "row": row[a],
            "column": row[b],
            "share": row["a_better"] if a == "a" else 1 - row["a_better"],
            "decided": bool(row["decided"]),
        }
        for row in pairs.to_dict("records")
        for a, b in (("a", "b"), ("b", "a"))
    ]
    frame = pd.DataFrame(both)
    tuners = list(problem.contest.tuners)
    axis = alt.Axis(labelAngle=-35, orient="top", grid=False, domain=False, ticks=False)
    base = alt.Chart(values(frame)).encode(
        x=alt.X(field="column", type="nominal", title="beats", sort=None, scale=alt.Scale(domain=tuners), axis=axis),
        y=alt.Y(
            field="row",
            type="nominal",
            title=None,
            sort=None,
            scale=alt.Scale(domain=tuners),
            axis=alt.Axis(domain=False, ticks=False),
        ),
        tooltip=[
            alt.Tooltip(field="row", type="nominal", title="tuner"),
            alt.Tooltip(field="column", type="nominal", title="beats"),
            alt.Tooltip(field="share", type="quantitative", title="chance", format=".0%"),
        ],
    )
    squares = base.mark_rect(cornerRadius=3, strokeWidth=2.5).encode(
        color=alt.Color(
            field="share",
            type="quantitative",
            legend=None,
            scale=alt.Scale(domain=[0, 0.5, 1], range=[WORSE, EVEN, BETTER]),
        ),
        stroke=alt.condition(alt.datum.decided, alt.value(INK), alt.value("transparent")),
    )
    text = base.mark_text(color=INK, fontSize=13).encode(
        text=alt.Text(field="share", type="quantitative", format=".0%")
    )
    decided = [f"{row['decided']} over {row['b'] if row['decided'] == row['a'] else row['a']}" for row in
               pairs[pairs["decided"] != ""].to_dict("records")]  # fmt: skip
    description = (
        f"Matrix of the chance with which the row's tuner beats the column's. Shown better: "
        f"{names(decided, most=12) or 'none'}."
    )
    return Figure(
        f"pairwise{slug}",
        "Pairwise",
        "The chance with which the row's tuner beats the column's, ties counted half. Framed: the "
        f"difference is shown, at a Holm-adjusted p of at most {LEVEL:g}.",
        description,
        finished(alt.layer(squares, text), description, CELL_SIZE * len(tuners)),
    )


def critical_difference(compared: Comparison, slug: str = "") -> Figure | None:
    """Mean ranks with bars under tuners that Nemenyi's test cannot tell apart (Demsar 2006, figure 1)."""
    test = compared.rank_test
    if test is None or len(test.tuners) < 3:
        return None
    scale_row = f"CD {test.critical_difference:.2f}"
    groups = [f"not told apart {place}" for place in range(1, len(test.groups) + 1)]
    rows = [scale_row, *test.tuners, *groups]
    by_tuner = dict(zip(test.tuners, test.ranks, strict=True))
    ends = [{"row": scale_row, "rank": 1.0, "to": 1 + test.critical_difference}]
    ends += [
        {"row": name, "rank": by_tuner[group[0]] - 0.04, "to": by_tuner[group[-1]] + 0.04}
        for name, group in zip(groups, test.groups, strict=True)
    ]
    reach = max(float(len(test.tuners)), 1 + test.critical_difference)
    x = alt.X(
        field="rank",
        type="quantitative",
        title="mean rank (1 is best)",
        scale=alt.Scale(domain=[0.9, reach + 0.1], nice=False),
    )
    y = alt.Y(field="row", type="nominal", title=None, sort=None, scale=alt.Scale(domain=rows))
    bars = (
        alt.Chart(values(pd.DataFrame(ends)))
        .mark_rule(strokeWidth=4, color=INK)
        .encode(x=x, x2=alt.X2(field="to"), y=y)
    )
    ranked = pd.DataFrame({"row": test.tuners, "tuner": test.tuners, "rank": test.ranks})
    dots = (
        alt.Chart(values(ranked))
        .mark_circle(size=130, opacity=1)
        .encode(
            x=x,
            y=y,
            color=tuner_colour(compared.contest.labels, compared.contest.baselines, legend=None),
            tooltip=[
                alt.Tooltip(field="tuner", type="nominal", title="tuner"),
                alt.Tooltip(field="rank", type="quantitative", title="mean rank", format=".2f"),
            ],
        )
    )
    blocks = plural(test.blocks, test.block)
    apart = "; ".join(names(group, most=12) for group in test.groups) or "none"
    ranks = "; ".join(f"{name} {mean:.2f}" for name, mean in by_tuner.items())
    description = (
        f"Critical difference diagram over {blocks}: mean ranks {ranks}; critical difference "
        f"{test.critical_difference:.2f}. Not told apart: {apart}."
    )
    left = f" Without a score and not ranked: {names(test.left_out)}." if test.left_out else ""
    return Figure(
        f"critical_difference{slug}",
        "Critical difference, by what the verdict is about",
        f"Mean ranks over {blocks}. Tuners whose ranks are more than "
        f"{test.critical_difference:.2f} apart (the bar at the top; Nemenyi at {LEVEL:.0%}) are told apart; a bar "
        "joins those that are not. Friedman's test that all are alike: "
        f"p {p_value(test.p)}{'' if test.p <= LEVEL else ', so nothing may be read from single ranks'}. A coarser look "
        f"than the pairwise tests: it sees ranks only, and compares all at once.{left}",
        description,
        finished(alt.layer(bars, dots), description, ROW * len(rows)),
    )


def performance_profile(problem: ProblemSummary, slug: str = "") -> Figure | None:
    """The share of each tuner's replicates whose final score is at least as good as each score."""
    profiles = problem.profiles
    if profiles["score"].nunique() < 2 or profiles["tuner"].nunique() < 2:
        return None
    objective = problem.objective
    highest = objective.sign > 0
    picked = alt.selection_point(name="tuners", fields=["tuner"], bind="legend")
    title = f"final best {objective.metric}"
    line = (
        alt.Chart(values(profiles[["tuner", "score", "share"]]))
        .mark_line(interpolate="step-before" if highest else "step-after", strokeWidth=2.6)
        .encode(
            x=score_axis(alt.X, "score", title),
            y=alt.Y(
                field="share",
                type="quantitative",
                title=f"share of replicates {'≥' if highest else '≤'}",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%"),
            ),
            color=tuner_colour(problem.contest.tuners),
            opacity=alt.condition(picked, alt.value(1), alt.value(0.1)),
        )
    )
    if len(problem.contest.tuners) > len(PALETTE):
        line = line.encode(strokeDash=tuner_dash(problem.contest.tuners))
    middle = (
        profiles[profiles["share"] >= 0.5]
        .groupby("tuner", sort=False)["score"]
        .agg("max" if highest else "min")
        .to_dict()
    )
    ends = "; ".join(f"{tuner} {score:.4g}" for tuner, score in middle.items())
    description = (
        f"Step curves of the share of each tuner's replicates whose final {objective.metric} is at least as good as "
        f"the score on the horizontal axis. The best score that half of the replicates reach: {ends}."
    )
    return Figure(
        f"performance_profile{slug}",
        "Performance profile",
        "How many of a tuner's replicates end at least this well. A curve that lies above another everywhere is better "
        "at every quantile; where curves cross, each is better on one side.",
        description,
        finished(alt.layer(line).add_params(picked), description, 240),
    )
