"""All numbers of a report in one place: what figures draw, tables show and `summary.json` holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pandas as pd

from tuning.analysis import looks
from tuning.analysis.curves import (
    CELL,
    DONE,
    MISSING,
    UNFINISHED,
    cells_frame,
    final_scores,
    incumbents,
    median_interval,
    scores_at,
)
from tuning.analysis.pairs import PAIR_COLUMNS, pairwise
from tuning.analysis.standings import ALL, standing_grid, standings
from tuning.analysis.targets import PROFILE_COLUMNS, epochs_to_reach, profiles, target_table, targets
from tuning.analysis.verdict import AtBudget, Verdict, at_budget, not_retrained, overall, verdict, worth
from tuning.analysis.winners import retrained_cells, winner_table
from tuning.journal import frames as tables
from tuning.journal.journal import Journal
from tuning.journal.provenance import prefix, words
from tuning.journal.records import FAILED, STATES
from tuning.objective import Objective
from tuning.statistics import sequential
from tuning.statistics.bootstrap import Floats
from tuning.statistics.ranks import RankTest, rank_test
from tuning.statistics.signed_rank import LEVEL, replicates_needed

SHARES = (0.25, 0.5, 1.0)  # of the budget, at which a verdict is given
RANDOM_SEARCHES = ("kt-random", "sklearn-randomized")  # registered names; the first of a plan is the reference
Judge = Callable[[pd.DataFrame, pd.DataFrame, str], pd.DataFrame]
"""Judges the pairs of a problem on these scores: ``judge(scores, pairs, problem)``."""

TUNER_COLUMNS = [
    "problem", "tuner", "scored", "median", "low", "high", "smallest", "largest",
    "replicates_planned", "replicates_done", "replicates_unfinished", "replicates_failed", "replicates_missing",
    "trials", *(f"trials_{state.lower()}" for state in STATES),
    "charged_epochs", "planned_epochs", "train_seconds", "suggest_seconds",
]  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """What a journal's trials say.

    Attributes:
        objectives: By problem.
        trials: `tables.trials_frame`.
        epochs: `tables.epochs_frame`.
        cells: `analysis.cells_frame`, the budget audit.
        incumbents: `analysis.incumbents`, the steps of every cell.
        finals: `analysis.final_scores`.
        tuners: `tuner_table`.
        contestants: The plan's tuners, whose pairs are one family; baselines are not among them.
        baselines: Labels of the plan's baselines.
        random_search: The contestant that normalised scores refer to, or None.
        rope: Half the region of practical equivalence, in the metric's unit, or None.
        pairs: `comparison.pairwise` of every problem, at the full budget.
        baseline_pairs: The same for each contestant and each baseline, a family of its own.
        standings: `standing.standings` of the contestants.
        rank_tests: By problem, and for `standing.ALL` problems where there are several, `ranking.rank_test`.
        reached: `targets.epochs_to_reach`.
        targets: `targets.target_table`.
        profiles: `targets.profiles` of every problem.
        retrainings: `tables.retrainings_frame`.
        retrained: `winners.retrained_cells`.
        winners: `winners.winner_table`.
        best: `best_configurations`.
        failures: `failure_groups`.
        verdicts: By problem.
        by_budget: By problem, what is shown at each of `SHARES`.
        verdict: Over all problems.
    """

    study: str
    budget_epochs: int
    objectives: Mapping[str, Objective]
    trials: pd.DataFrame
    epochs: pd.DataFrame
    cells: pd.DataFrame
    incumbents: pd.DataFrame
    finals: pd.DataFrame
    tuners: pd.DataFrame
    contestants: tuple[str, ...]
    baselines: tuple[str, ...]
    random_search: str | None
    rope: float | None
    pairs: pd.DataFrame
    baseline_pairs: pd.DataFrame
    standings: pd.DataFrame
    rank_tests: Mapping[str, RankTest | None]
    reached: pd.DataFrame
    targets: pd.DataFrame
    profiles: pd.DataFrame
    retrainings: pd.DataFrame
    retrained: pd.DataFrame
    winners: pd.DataFrame
    best: pd.DataFrame
    failures: pd.DataFrame
    verdicts: Mapping[str, Verdict]
    by_budget: Mapping[str, tuple[AtBudget, ...]]
    verdict: Verdict

    @property
    def tuner_names(self) -> list[str]:
        """In the order of the plan."""
        return list(dict.fromkeys(self.tuners["tuner"]))


def summarise(journal: Journal) -> Summary:
    """Everything a report shows, computed once from the journal."""
    plan = journal.plan
    budget = int(plan["budget_epochs"])
    labels, baselines = list(plan["tuners"]), list(plan["baselines"])
    rule = sequential.Rule.of(plan)
    rope = plan["rope"] if rule is None else rule.rope
    by_name = {str(settings.get("tuner")): label for label, settings in reversed(plan["tuners"].items())}
    random_search = next((by_name[name] for name in RANDOM_SEARCHES if name in by_name), None)
    objectives = {problem: journal.objective(problem) for problem in journal.problems}
    trials, epochs = tables.trials_frame(journal), tables.epochs_frame(journal)
    cells = cells_frame(journal.planned_cells(), journal.ends, trials, journal.budgets())
    steps = incumbents(trials, epochs, objectives)
    finals = final_scores(steps, cells)
    tuners = tuner_table(trials, cells, finals)

    def judge(scores: pd.DataFrame, family: pd.DataFrame, problem: str) -> pd.DataFrame:
        """A problem's pairs by the rule of the plan; where replicates were added by looks, one test would be wrong."""
        return family if rule is None else looks.judged(family, scores, cells, objectives[problem], rule)

    pairs = _pairs(finals, labels, objectives, rope, judge)
    baseline_pairs = _pairs(finals, labels, objectives, rope, judge, baselines)
    retrainings = tables.retrainings_frame(journal)
    default = next((label for label, settings in plan["baselines"].items() if settings.get("tuner") == "default"), "")
    retrained = retrained_cells(retrainings, finals, objectives, default, journal.no_search())
    table = winner_table(retrained)
    verdicts = {
        problem: verdict(
            problem,
            objective,
            tuners,
            pairs,
            cells,
            contestants=labels,
            baseline_pairs=baseline_pairs,
            rope=rope if rule is None else None,  # the rule tells by itself what is practically equal
            needed=replicates_needed if rule is None else rule.first_look,
            winners=worth(table[table["problem"] == problem], labels, objective),
            winner_gaps=not_retrained(retrained, finals[finals["problem"] == problem], plan["retrain"]),
        )
        for problem, objective in objectives.items()
    }
    if rule is not None:
        verdicts = {
            problem: looks.with_looks(found, pairs[pairs["problem"] == problem], rule)
            for problem, found in verdicts.items()
        }
    for problem, found in verdicts.items():
        if label := words(problem, journal.problems[problem]):
            line = f"{prefix(journal.problems[problem])}: {found.line}"
            verdicts[problem] = replace(found, line=line, details=(label, *found.details))
    best = best_known(steps, objectives)
    grid = standing_grid(budget)
    scores = {problem: scores_at(steps, cells, problem, labels, grid) for problem in objectives}
    contested = cells[cells["tuner"].isin(labels)]
    contested_finals = finals[finals["tuner"].isin(labels)]
    wanted = targets(contested_finals, best, random_search)
    reached = epochs_to_reach(steps, contested, objectives, wanted)
    return Summary(
        study=journal.name,
        budget_epochs=budget,
        objectives=objectives,
        trials=trials,
        epochs=epochs,
        cells=cells,
        incumbents=steps,
        finals=finals,
        tuners=tuners,
        contestants=tuple(labels),
        baselines=tuple(baselines),
        random_search=random_search,
        rope=rope,
        pairs=pairs,
        baseline_pairs=baseline_pairs,
        standings=standings(scores, objectives, best, labels, grid, random_search=random_search),
        rank_tests=_rank_tests(scores, objectives, labels) if grid else {},
        reached=reached,
        targets=target_table(reached),
        profiles=_together(
            [profiles(contested_finals, labels, name, rule) for name, rule in objectives.items()], PROFILE_COLUMNS
        ),
        retrainings=retrainings,
        retrained=retrained,
        winners=table,
        best=_in_order_of(tuners, best_configurations(trials, epochs, objectives)),
        failures=failure_groups(trials),
        verdicts=verdicts,
        by_budget=_by_budget(steps, cells, labels, objectives, rope, judge, pairs, budget),
        verdict=overall(verdicts),
    )


def _pairs(
    finals: pd.DataFrame,
    tuners: Sequence[str],
    objectives: Mapping[str, Objective],
    rope: float | None,
    judge: Judge,
    baselines: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Every problem's family: every two tuners, or each tuner and each baseline."""
    pairs = None if baselines is None else list(product(tuners, baselines))
    families = [
        judge(finals, pairwise(finals, tuners, name, rule, pairs=pairs, rope=rope), name)
        for name, rule in objectives.items()
    ]
    return _together(families, PAIR_COLUMNS)


def _by_budget(
    steps: pd.DataFrame,
    cells: pd.DataFrame,
    tuners: Sequence[str],
    objectives: Mapping[str, Objective],
    rope: float | None,
    judge: Judge,
    pairs: pd.DataFrame,
    budget: int,
) -> dict[str, tuple[AtBudget, ...]]:
    """What is shown at each of `SHARES`; each share is a family of its own."""
    found: dict[str, list[AtBudget]] = {problem: [] for problem in objectives}
    for share in SHARES if len(tuners) > 1 else ():
        early = None if share == 1 else final_scores(steps, cells, share)
        for problem, objective in objectives.items():
            own = (
                pairs[pairs["problem"] == problem]
                if early is None
                else judge(early, pairwise(early, tuners, problem, objective, rope=rope, plan_ahead=False), problem)
            )
            found[problem].append(at_budget(share, int(share * budget), own))
    return {problem: tuple(part) for problem, part in found.items()}


def _rank_tests(
    scores: Mapping[str, Floats], objectives: Mapping[str, Objective], tuners: Sequence[str]
) -> dict[str, RankTest | None]:
    """By problem with replicates as blocks; over `ALL` with problems as blocks, each tuner scored by its median."""
    ends = {problem: block[:, :, -1] for problem, block in scores.items()}
    tests = {
        problem: rank_test(end, tuners, objectives[problem].direction, "replicate", LEVEL)
        for problem, end in ends.items()
    }
    if len(ends) > 1:
        # "min" problems are turned round, so that a row's ranks mean the same in each.
        medians = [
            [(1 if objectives[name].direction == "max" else -1) * pd.Series(column).median() for column in end.T]
            for name, end in ends.items()
        ]
        tests[ALL] = rank_test(medians, tuners, "max", "problem", LEVEL)
    return tests


def best_known(steps: pd.DataFrame, objectives: Mapping[str, Objective]) -> dict[str, float]:
    """By problem, the best score that any cell had, finished or not; NaN where there is none."""
    found = {}
    for problem, objective in objectives.items():
        scores = steps.loc[steps["problem"] == problem, "score"].astype(float)
        found[problem] = float(scores.max() if objective.direction == "max" else scores.min())
    return found


def _together(frames: Iterable[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(columns))


def tuner_table(trials: pd.DataFrame, cells: pd.DataFrame, finals: pd.DataFrame) -> pd.DataFrame:
    """A row for each problem and tuner, in the plan's order.

    Returns:
        (num_problems * num_tuners, 22), `TUNER_COLUMNS`: ``scored`` counts replicates with a final score, ``median``
        is theirs, ``low`` and ``high`` its `analysis.median_interval`, ``smallest`` and ``largest`` their range;
        trials, epochs and seconds are sums over all replicates.
    """
    by_state: Mapping[Any, int] = trials.groupby(["problem", "tuner", "state"]).size().to_dict() if len(trials) else {}
    rows = []
    for (problem, tuner), part in cells.groupby(["problem", "tuner"], sort=False):
        scores = finals.loc[(finals["problem"] == problem) & (finals["tuner"] == tuner), "score"].dropna()
        low, high = median_interval(scores)
        states = part["state"].value_counts()
        rows.append(
            {
                "problem": problem,
                "tuner": tuner,
                "scored": len(scores),
                "median": float(scores.median()),
                "low": low,
                "high": high,
                "smallest": float(scores.min()),
                "largest": float(scores.max()),
                "replicates_planned": len(part),
                **{
                    f"replicates_{state.lower()}": int(states.get(state, 0))
                    for state in (DONE, UNFINISHED, FAILED, MISSING)
                },
                "trials": int(part["trials"].sum()),
                **{f"trials_{state.lower()}": int(by_state.get((problem, tuner, state), 0)) for state in STATES},
                "charged_epochs": int(part["charged_epochs"].sum()),
                "planned_epochs": int(part["planned_epochs"].sum()),
                "train_seconds": float(part["train_seconds"].sum()),
                "suggest_seconds": float(part["suggest_seconds"].sum()),
            }
        )
    return pd.DataFrame(rows, columns=TUNER_COLUMNS)


def results(summary: Summary) -> pd.DataFrame:
    """The table of tuners for machines, `tuners.csv`: `tuner_table`, and beside it what the incumbents are worth.

    Returns:
        (num_problems * num_tuners, 35): ``median`` to ``largest`` are of the best scores seen, ``retrained``, ``test``
        and ``optimism`` of `winners.winner_table`, each with ``_low`` and ``_high``; NaN where nothing was retrained.
    """
    return summary.tuners.merge(summary.winners, on=["problem", "tuner"], how="left")


def best_configurations(
    trials: pd.DataFrame, epochs: pd.DataFrame, objectives: Mapping[str, Objective]
) -> pd.DataFrame:
    """The best trial of each problem and tuner over all replicates, unfinished cells included.

    Of equal scores the earliest replicate's earliest trial is taken.

    Returns:
        (num_problems * num_tuners at most, 7): problem, tuner, replicate, trial, score, epoch (trained up to, its
        parent's epochs included), configuration (mapping of the active hyperparameters).
    """
    columns = ["problem", "tuner", "replicate", "trial", "score", "epoch", "configuration"]
    counted = trials[(trials["state"] != FAILED) & trials["score"].notna()]
    if counted.empty:
        return pd.DataFrame(columns=columns)
    sign = counted["problem"].map({name: 1 if rule.direction == "min" else -1 for name, rule in objectives.items()})
    ranked = counted.assign(badness=sign * counted["score"].astype(float))
    best = ranked.sort_values(["badness", "replicate", "trial"]).drop_duplicates(["problem", "tuner"])
    near = epochs.loc[epochs["trial"].isin(best["trial"]), [*CELL, "trial", "epoch"]]  # of what may be millions
    reached = best[[*CELL, "trial"]].merge(near, on=[*CELL, "trial"], how="left")
    last = reached.groupby([*CELL, "trial"])["epoch"].max().to_dict()
    names = [name for name in trials.columns if str(name).startswith("hp.")]
    rows = [
        {
            **{name: row[name] for name in columns[:5]},
            "epoch": last.get((row["problem"], row["tuner"], row["replicate"], row["trial"])),
            "configuration": {str(name)[3:]: row[name] for name in names if not pd.isna(row[name])},
        }
        for row in best.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=columns)


def _in_order_of(tuners: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of `frame` in the order of the plan's problems and tuners."""
    return tuners[["problem", "tuner"]].merge(frame, on=["problem", "tuner"], how="inner")


def failure_groups(trials: pd.DataFrame) -> pd.DataFrame:
    """FAILED trials, those of one tuner with one message together.

    Returns:
        (num_groups, 6): problem, tuner, error, count, and the first such trial's replicate and trial; most first.
    """
    failed = trials[trials["state"] == FAILED]
    if failed.empty:
        return pd.DataFrame(columns=["problem", "tuner", "error", "count", "replicate", "trial"])
    groups = failed.groupby(["problem", "tuner", "error"], sort=False).agg(
        count=("trial", "size"), replicate=("replicate", "first"), trial=("trial", "first")
    )
    return groups.reset_index().sort_values("count", ascending=False, kind="stable", ignore_index=True)
