"""How far apart two tuners are over all problems: these, problems like these on average, and a new one."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tuning.analysis.summary import Summary
from tuning.formatting import interval, number, plural
from tuning.report.figures.base import ROW, Figure, colours, finished, values
from tuning.report.figures.improvement import dots, few, line, titles
from tuning.statistics.bootstrap import CONFIDENCE

WIDTHS = {"new": 1.0, "general": 3.0, "": 8.0}
"""By the start of its columns' names, how thick an interval is drawn, in pixels."""
SCOPES = {"": "these problems", "general": "problems like these", "new": "a new problem"}
PAIR_COLUMNS = [
    "pair", "tuner", "difference", "low", "high", "general_low", "general_high", "new_low", "new_high", "problems",
    "shown",
]  # fmt: skip


def ordered_differences(summary: Summary) -> tuple[pd.DataFrame, str]:
    """The pairs to draw, the better tuner first and the largest difference on top, and what is left out, in words.

    Of many pairs, those of the reference, or of the tuner to choose.

    Returns:
        (num_pairs, 11), `PAIR_COLUMNS`: pair (its title), tuner (the better one); the rest as in
        `over_problems.PAIR_COLUMNS`, in spreads; shown ("yes" or "no"), on these problems.
    """
    over = summary.over_problems
    if over is None:
        return pd.DataFrame(columns=PAIR_COLUMNS), ""
    pairs, left_out = few(over.pairs, summary.contest.reference or over.choice.tuner)
    rows = []
    for row in pairs.to_dict("records"):
        sign = -1 if row["difference"] < 0 else 1
        first, second = (row["a"], row["b"]) if sign > 0 else (row["b"], row["a"])
        ends = {}
        for start in SCOPES:
            low, high = _ends(start)
            ends[low], ends[high] = sorted((sign * row[low], sign * row[high]))
        shown = "yes" if row["decided"] else "no"
        rows.append(
            {"pair": f"{first} over {second}", "tuner": first, "difference": sign * row["difference"], **ends,
             "problems": row["problems"], "shown": shown}
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=PAIR_COLUMNS)
    return frame.sort_values("difference", ascending=False, kind="stable", ignore_index=True), left_out


def _ends(start: str) -> tuple[str, str]:
    """The columns of an interval."""
    return (f"{start}_low", f"{start}_high") if start else ("low", "high")


def differences_over_problems(summary: Summary, slug: str = "") -> Figure | None:
    """The mean difference of each pair in spreads, a dot with three intervals."""
    rows, left_out = ordered_differences(summary)
    if rows.empty:
        return None
    said = "; ".join(
        f"{row['pair']} {number(row['difference'], 2, signed=True)} ({interval(row['low'], row['high'], 2)}; problems "
        f"like these {interval(row['general_low'], row['general_high'], 2)}; a new one "
        f"{interval(row['new_low'], row['new_high'], 2)})"
        for row in rows.to_dict("records")
    )
    description = (
        f"Dots with three intervals of how much better the first tuner of a pair is, in spreads, over "
        f"{plural(len(summary.problems), 'problem')}: {said}."
    )
    return Figure(
        f"differences{slug}",
        "Differences over problems",
        f"How much better the first tuner of a pair is, on average over problems, in spreads, with {CONFIDENCE:.0%} "
        "intervals: thick for these problems, thinner for problems like these on average, and a hairline for what a "
        "study of one new problem would find. A filled dot: the difference is shown on these problems. Intervals are "
        f"not adjusted for the number of pairs.{left_out}",
        description,
        finished(_chart(rows, list(summary.contest.tuners)), description, ROW * len(rows)),
    )


def _chart(rows: pd.DataFrame, tuners: list[str]) -> alt.LayerChart:
    """Each pair's title stands above its dot, so that narrow windows have room for both."""
    scale = alt.Scale(domain=tuners, range=colours(tuners))
    numbers = [name for name in PAIR_COLUMNS if name not in ("pair", "tuner", "problems", "shown")]
    rows = rows.assign(**rows[numbers].astype(float).round(4))
    drawn = alt.Chart(values(rows.astype(object).where(rows.notna(), None))).encode(
        y=alt.Y(field="pair", type="nominal", axis=None, sort=None, scale=alt.Scale(domain=list(rows["pair"]))),
    )
    tooltip = [
        alt.Tooltip(field="pair", type="nominal", title="pair"),
        alt.Tooltip(field="difference", type="quantitative", title="difference, spreads", format="+.2f"),
        *(
            alt.Tooltip(field=end, type="quantitative", title=title, format="+.2f")
            for start, words in SCOPES.items()
            if rows[_ends(start)[0]].notna().all()  # of two problems, there may be none for others
            for end, title in zip(_ends(start), (f"{words}, from", "to"), strict=True)
        ),
        alt.Tooltip(field="problems", type="quantitative", title="problems"),
        alt.Tooltip(field="shown", type="nominal", title="shown on these"),
    ]
    told = drawn.encode(color=alt.Color(field="tuner", type="nominal", scale=scale, legend=None), tooltip=tooltip)
    intervals = [
        told.transform_filter(f"isValid(datum.{_ends(start)[0]})")
        .mark_rule(strokeWidth=width, opacity=1 if start else 0.35)
        .encode(
            x=alt.X(field=_ends(start)[0], type="quantitative", title="difference, spreads"),
            x2=alt.X2(field=_ends(start)[1]),
        )
        for start, width in WIDTHS.items()
        if rows[_ends(start)[0]].notna().any()  # a layer without marks would have no text alternative
    ]
    x = alt.X(field="difference", type="quantitative", title="difference, spreads")
    layers = line("difference", 0.0), titles(drawn, -13), *intervals, dots(told, x, scale)
    return alt.layer(*layers)  # type: ignore[return-value]  # no facets among these
