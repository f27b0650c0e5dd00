"""The figures of a search: how much of the space was seen, which hyperparameters matter, and the rungs."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tuning.analysis.problem_summary import ProblemSummary
from tuning.exploration.exploration import Search
from tuning.exploration.importance import MIN_TRIALS, POOLED, TARGET
from tuning.exploration.rungs import typical_replicate
from tuning.formatting import count, decimals_for, names, plural
from tuning.report.figures.base import (
    FAINT,
    INK,
    ROW,
    Figure,
    Panel,
    colours,
    finished,
    finished_grid,
    score_axis,
    tuner_axis,
    tuner_colour,
    values,
)

STOPPED = "#8A9BA8"
MAX_RUNG_PANELS = 4


def coverage_dots(search: Search, slug: str = "") -> Figure | None:
    """The share of pairs of bins that a tuner's searches saw, beside that of as many random draws."""
    table = search.coverage
    if table.empty or table["seen_2"].isna().all():
        return None
    tuners = list(search.tuners)
    x = alt.X(
        field="seen_2",
        type="quantitative",
        title="pairs of bins seen",
        axis=alt.Axis(format="%", tickCount=6),
        scale=alt.Scale(domain=[0, 1]),
    )
    y = tuner_axis([tuner for tuner in tuners if tuner in set(table["tuner"])])
    rows = table[["tuner", "configurations", "seen_2", "random_2", "seen_low_2", "seen_high_2"]]
    colour = tuner_colour(tuners, search.baselines, legend=None)
    layers = []
    if (known := rows[rows["seen_low_2"].notna()]).size:
        bars = alt.Chart(values(known)).mark_rule(strokeWidth=3, opacity=0.6)
        layers.append(
            bars.encode(
                x=alt.X(field="seen_low_2", type="quantitative"),
                x2=alt.X2(field="seen_high_2"),
                y=y,
                color=colour,
            )
        )
    dots = (
        alt.Chart(values(rows[["tuner", "configurations", "seen_2", "random_2"]]))
        .mark_circle(size=110, opacity=1)
        .encode(
            x=x,
            y=y,
            color=colour,
            tooltip=[
                alt.Tooltip(field="tuner", type="nominal", title="tuner"),
                alt.Tooltip(field="configurations", type="quantitative", title="configurations", format=".1f"),
                alt.Tooltip(field="seen_2", type="quantitative", title="seen", format=".1%"),
                alt.Tooltip(field="random_2", type="quantitative", title="random draws", format=".1%"),
            ],
        )
    )
    ticks = (
        alt.Chart(values(rows[["tuner", "random_2"]]))
        .mark_tick(thickness=2.5, size=22, color=INK)
        .encode(x=alt.X(field="random_2", type="quantitative"), y=y)
    )
    shares = "; ".join(
        f"{row['tuner']} {row['seen_2']:.1%} (random draws {row['random_2']:.1%})" for row in table.to_dict("records")
    )
    description = f"Dots of the share of pairs of bins that a search of each tuner saw: {shares}."
    return Figure(
        f"coverage{slug}",
        "How much of the space was seen",
        "The space in pairs of hyperparameters, each number cut into 5 bins of equal probability, each option a bin of "
        "its own: the share of all pairs of bins in which a search tried a configuration, however short, as a mean "
        "over searches with its interval. The tick is what as many random draws see on average. Left of it a search "
        "looks more closely at fewer places; that is no fault.",
        description,
        finished(alt.layer(*layers, dots, ticks), description, ROW * len(table)),
    )


def importance_dots(search: Search, slug: str = "") -> Figure | None:
    """The importance of each hyperparameter, a dot for each tuner and a bar for all trials together."""
    frame = search.importance.frame
    if frame.empty:
        return None
    pooled, single = frame[frame["tuner"] == POOLED], frame[frame["tuner"] != POOLED]
    tuners = list(search.tuners)
    shown = [tuner for tuner in tuners if tuner in set(single["tuner"])]
    order = list(pooled.sort_values("importance", ascending=False, kind="stable")["hyperparameter"])
    x = alt.X(
        field="importance",
        type="quantitative",
        title=f"importance for being among the best {TARGET:.0%}",
        axis=alt.Axis(format="%"),
        scale=alt.Scale(domainMin=0),
    )
    y = alt.Y(field="hyperparameter", type="nominal", title=None, sort=None, scale=alt.Scale(domain=order))
    bars = (
        alt.Chart(values(pooled[["hyperparameter", "importance"]]))
        .mark_bar(height=14, color=FAINT)
        .encode(x=x, y=y, tooltip=[alt.Tooltip(field="importance", type="quantitative", title="all", format=".1%")])
    )
    layers = [bars]
    if shown:
        dots = alt.Chart(values(single[["tuner", "hyperparameter", "importance"]]))
        by_tuner = dict(zip(tuners, colours(tuners, search.baselines), strict=True))
        scale = alt.Scale(domain=shown, range=[by_tuner[tuner] for tuner in shown])
        layers.append(
            dots.mark_circle(size=90, opacity=0.8).encode(
                x=x,
                y=y,
                color=alt.Color(
                    field="tuner",
                    type="nominal",
                    title=None,
                    scale=scale,
                ),
                tooltip=[
                    alt.Tooltip(field="tuner", type="nominal", title="tuner"),
                    alt.Tooltip(field="hyperparameter", type="nominal", title="hyperparameter"),
                    alt.Tooltip(field="importance", type="quantitative", title="importance", format=".1%"),
                ],
            )
        )
    trials = int(pooled["trials"].iloc[0])
    shares = "; ".join(f"{row['hyperparameter']} {row['importance']:.0%}" for row in pooled.to_dict("records"))
    note = f" {search.importance.note}" if search.importance.note else ""
    description = f"Importance of each hyperparameter over {plural(trials, 'trial')} of all tuners: {shares}."
    return Figure(
        f"importance{slug}",
        "Hyperparameter importance",
        f"How much a hyperparameter's values among the best {TARGET:.0%} of the trials differ from those among all, as "
        "a share of the sum over hyperparameters: Optuna's PED-ANOVA (Watanabe et al., arXiv:2304.10255, 2023). The "
        f"bar is over {plural(trials, 'trial')} of all tuners, dots are over a tuner's own, from {MIN_TRIALS} on. "
        "Only trials trained in full: those of a low rung are left out. Each hyperparameter is looked at by itself, "
        "and a tuner that already narrowed down one shows it as less important.{note}".replace("{note}", note),
        description,
        finished(alt.layer(*layers), description, ROW * len(order)),
    )


def rung_panels(search: Search, problem: ProblemSummary, slug: str = "") -> Figure | None:
    """One replicate of each tuner that stops trials early: every configuration's score from rung to rung."""
    panels: list[Panel] = []
    described: list[str] = []
    for tuner in search.tuners:
        replicate = typical_replicate(problem.finals, search.paths, tuner)
        if replicate is None or len(panels) == MAX_RUNG_PANELS:
            continue
        ways = search.paths[(search.paths["tuner"] == tuner) & (search.paths["replicate"] == replicate)]
        ways = ways[ways["score"].notna()]
        described.append(f"{tuner} replicate {replicate}, {_steps(ways)}")
        panels.append(Panel(f"{tuner}, replicate {replicate}", _rung_panel(ways, search, tuner)))
    if not panels:
        return None
    description = (
        f"Lines of {search.objective.metric} from rung to rung, one for each configuration that went on, dots for "
        f"those that stopped: {'; '.join(described)}."
    )
    return Figure(
        f"rungs{slug}",
        "Rungs",
        "One replicate of each tuner that stops trials early, the one whose final score is the tuner's median. Each "
        "dot is a configuration's score when it had been trained for so many epochs; a line leads to the next rung of "
        "one that went on, grey dots stopped there.",
        description,
        finished_grid(panels, description, 220),
    )


def _steps(ways: pd.DataFrame) -> str:
    reached = ways.groupby("epochs").agg(trials=("trial", "size"), promoted=("promoted", "sum"))
    return names(
        [f"{count(row['trials'])} at epoch {epochs}, {count(row['promoted'])} went on" for epochs, row in
         reached.to_dict("index").items()], most=12
    )  # fmt: skip


def _rung_panel(ways: pd.DataFrame, search: Search, tuner: str) -> alt.LayerChart:
    colour = colours(search.tuners, search.baselines)[search.tuners.index(tuner)]
    places = decimals_for(ways["score"])
    x = alt.X(
        field="epochs",
        type="quantitative",
        title="epochs trained",
        axis=alt.Axis(values=sorted(int(epochs) for epochs in ways["epochs"].unique()), grid=False, format="d"),
        scale=alt.Scale(domain=[0, max(search.max_epochs, int(ways["epochs"].max()))], nice=False),
    )
    y = score_axis(alt.Y, "score", search.objective.metric)
    base = alt.Chart(values(ways[["path", "trial", "epochs", "score", "promoted"]])).encode(x=x, y=y)
    lines = base.mark_line(strokeWidth=1.5, opacity=0.6, color=colour, aria=False).encode(
        detail=alt.Detail(field="path", type="nominal")
    )
    dots = base.mark_circle(size=45, opacity=0.85).encode(
        color=alt.condition(
            (alt.datum.promoted == True) | (alt.datum.epochs == int(ways["epochs"].max())),  # noqa: E712
            alt.value(colour),
            alt.value(STOPPED),
        ),
        tooltip=[
            alt.Tooltip(field="trial", type="quantitative", title="trial"),
            alt.Tooltip(field="epochs", type="quantitative", title="epochs"),
            alt.Tooltip(field="score", type="quantitative", title=search.objective.metric, format=f".{places}f"),
            alt.Tooltip(field="promoted", type="nominal", title="went on"),
        ],
    )
    return alt.layer(lines, dots)  # type: ignore[return-value]  # no facets among these
