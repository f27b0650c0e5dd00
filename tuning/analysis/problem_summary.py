"""All numbers of one problem of a study, for its figures, its tables and its part of `summary.json`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import ClassVar

import pandas as pd

from tuning.analysis import looks
from tuning.analysis.choices import ProblemChoice, problem_choice
from tuning.analysis.conduct import plain_random, said, without
from tuning.analysis.contest import Contest
from tuning.analysis.curves import best_known, final_scores, incumbents, scores_at
from tuning.analysis.endpoints import Endpoint, endpoint, endpoint_steps
from tuning.analysis.new_data import new_data_pairs
from tuning.analysis.overtuning import Overtuning, overtuning
from tuning.analysis.pairs import pairwise
from tuning.analysis.searching import searching
from tuning.analysis.speed import speed_ups
from tuning.analysis.spent import Spent, a_replicate
from tuning.analysis.standings import Measures, measured, standing_grid, standings
from tuning.analysis.targets import epochs_to_reach, fixed_targets, ladder, profiles, target_table, targets
from tuning.analysis.trials import best_configurations, failure_groups
from tuning.analysis.tuner_table import tuner_table
from tuning.analysis.variance import VarianceParts, variance_parts
from tuning.analysis.verdict.gaps import not_retrained, unscored
from tuning.analysis.verdict.sentences import about, added, asked, hopes, timed
from tuning.analysis.verdict.verdict import AtBudget, Verdict, at_budget, verdict
from tuning.analysis.winners import retrained_cells, winner_table
from tuning.journal.incumbents import SHARES
from tuning.journal.provenance import prefix, words
from tuning.journal.study_record import ProblemRecord
from tuning.objective import Objective
from tuning.statistics.rank_sum import replicates_needed as of_two_samples
from tuning.statistics.ranks import RankTest, rank_test
from tuning.statistics.signed_rank import LEVEL, replicates_needed

CURVE_STEPS = 60  # budgets at which the curves of targets reached are drawn


@dataclass(frozen=True)
class Rows:
    """One problem's rows of the frames that hold all problems.

    Attributes:
        trials: Of `frames.trials_frame`.
        epochs: Of `frames.epochs_frame`.
        retrainings: Of `frames.retrainings_frame`.
        cells: Of `curves.cells_frame`, the budget audit.
        conduct: `conduct.conduct`.
        spent: Of `spent.spent_by_cell`.
    """

    trials: pd.DataFrame
    epochs: pd.DataFrame
    retrainings: pd.DataFrame
    cells: pd.DataFrame
    conduct: pd.DataFrame
    spent: pd.DataFrame


@dataclass(frozen=True)
class Comparison:
    """What is reported of one problem, over replicates, and of several, over problems.

    Attributes:
        contest: Who is compared.
        standings: `standings.standings` of the tuners.
        rank_test: `ranks.rank_test` at the full budget; None for fewer than two blocks.
        verdict: What may be claimed.
    """

    block: ClassVar[str]
    """What ranks are means over."""

    contest: Contest
    standings: pd.DataFrame
    rank_test: RankTest | None
    verdict: Verdict


@dataclass(frozen=True)
class ProblemSummary(Comparison):
    """What a journal's trials show of one problem.

    Attributes:
        name: The problem's.
        objective: The problem's.
        test_rows: Samples of its test part, as far as known.
        trials: See `Rows`.
        cells: See `Rows`.
        conduct: See `Rows`.
        retrainings: See `Rows`.
        incumbents: `curves.incumbents`, the steps of every cell.
        finals: `curves.final_scores`, of the searches.
        endpoint: What the verdict and the choice are about.
        endpoint_steps: `endpoints.endpoint_steps`: what one would have got at each budget.
        tuners: `tuner_table.tuner_table`.
        pairs: `pairs.pairwise` of the family, at the full budget.
        baseline_pairs: Each tuner with each baseline, as a separate family.
        searching: `searching.searching`: all tuners with each baseline, another family.
        reached: `targets.epochs_to_reach`.
        targets: `targets.target_table`.
        profiles: `targets.profiles`.
        fixed_targets: `targets.fixed_targets`, over a `targets.ladder`.
        speed_ups: `speed.speed_ups`, against the random search with the most epochs.
        retrained: `winners.retrained_cells`.
        winners: `winners.winner_table`.
        overtuning: `overtuning.overtuning`.
        best: `trials.best_configurations`.
        failures: `trials.failure_groups`.
        by_budget: What one would have got at each of `SHARES`, described.
        choice: Which tuner to take now.
        replicate: What one more costs.
        variance: What makes the winners of one tuner differ; None if that cannot be told.
        new_data: `new_data.new_data_pairs`.
    """

    block: ClassVar[str] = "replicate"

    name: str
    objective: Objective
    test_rows: int | None
    trials: pd.DataFrame
    cells: pd.DataFrame
    conduct: pd.DataFrame
    retrainings: pd.DataFrame
    incumbents: pd.DataFrame
    finals: pd.DataFrame
    endpoint: Endpoint
    endpoint_steps: pd.DataFrame
    tuners: pd.DataFrame
    pairs: pd.DataFrame
    baseline_pairs: pd.DataFrame
    searching: pd.DataFrame
    reached: pd.DataFrame
    targets: pd.DataFrame
    profiles: pd.DataFrame
    fixed_targets: pd.DataFrame
    speed_ups: pd.DataFrame
    retrained: pd.DataFrame
    winners: pd.DataFrame
    overtuning: Overtuning
    best: pd.DataFrame
    failures: pd.DataFrame
    by_budget: tuple[AtBudget, ...]
    choice: ProblemChoice
    replicate: Spent
    variance: VarianceParts | None
    new_data: pd.DataFrame


def summarise_problem(
    name: str, recorded: ProblemRecord, objective: Objective, contest: Contest, rows: Rows, steps_described: int
) -> tuple[ProblemSummary, Measures]:
    """All that a report shows of one problem, and the measures that are averaged over problems.

    Args:
        name: The problem's.
        recorded: Its record in the journal.
        objective: The problem's.
        contest: Who is compared.
        rows: Its rows of the frames.
        steps_described: The number of budgets at which tuners are described.
    """
    tuners, cells = contest.tuners, rows.cells
    steps = incumbents(rows.trials, rows.epochs, objective)
    finals = final_scores(steps, cells)
    table = tuner_table(rows.trials, cells, finals)
    retrained = retrained_cells(rows.retrainings, finals, objective)
    overtuned = overtuning(rows.retrainings, tuners, objective, contest.endpoint, contest.rope)
    scored = endpoint(contest.endpoint, finals, retrained, objective, recorded.data, noise_free=recorded.noise_free)
    alike, replicate = plain_random(rows.conduct), a_replicate(rows.spent)
    pairs = _judged(scored, cells, contest, without(contest.family, alike), contest.sides)
    baseline_pairs = _judged(scored, cells, contest, list(product(tuners, contest.baselines)), 2)
    looked = min(contest.rule.cap, looks.complete_replicates(cells)) if contest.rule else 0
    together = searching(scored, tuners, contest.baselines, rule=contest.rule, looks=looked)
    winners = winner_table(retrained)
    best = best_known(steps, objective)
    grid = standing_grid(contest.budget_epochs, steps_described)
    scores = scores_at(steps, cells, tuners, grid)
    measures = measured(scores, objective, best, tuners, random_search=contest.random_search)
    contested = finals[finals["tuner"].isin(tuners)]
    wanted = targets(contested, best, contest.random_search)
    reached = epochs_to_reach(steps, cells[cells["tuner"].isin(tuners)], objective, wanted)
    rungs = ladder(steps[steps["tuner"].isin(tuners)], best, objective, contest.random_search)
    fine = standing_grid(contest.budget_epochs, CURVE_STEPS)
    ruling = verdict(
        scored,
        table,
        pairs,
        cells,
        contestants=tuners,
        baseline_pairs=baseline_pairs,
        together=together,
        rope=contest.rope if contest.rule is None else None,  # the rule itself finds what is practically equal
        needed=_needed(contest, scored.paired),
        better_than=contest.better_than,
        about=(
            *asked(contest.reference, contest.alternative, contest.declared),
            *timed(contest.budget),
            *added(contest.extended),
            *said(rows.conduct),
            about(scored, contest.retrain, contest.declared),
        ),
        alike=alike,
        winners=hopes(winners, overtuned, tuners, objective, noise_free=recorded.noise_free),
        winner_gaps=(*unscored(finals, scored), *not_retrained(retrained, finals, contest.retrain)),
    )
    if contest.rule is not None:
        ruling = looks.with_looks(ruling, pairs, contest.rule)
    judged_steps = endpoint_steps(contest.endpoint, steps, rows.retrainings, rows.trials)
    summary = ProblemSummary(
        contest=contest,
        standings=standings(scores, measures, grid),
        rank_test=rank_test(scored.matrix(tuners), tuners, "max", "replicate", LEVEL),
        verdict=_with_provenance(ruling, name, recorded),
        name=name,
        objective=objective,
        test_rows=recorded.data.test_rows,
        trials=rows.trials,
        cells=cells,
        conduct=rows.conduct,
        retrainings=rows.retrainings,
        incumbents=steps,
        finals=finals,
        endpoint=scored,
        endpoint_steps=judged_steps,
        tuners=table,
        pairs=pairs,
        baseline_pairs=baseline_pairs,
        searching=together,
        reached=reached,
        targets=target_table(reached),
        profiles=profiles(contested, tuners, objective),
        fixed_targets=fixed_targets(steps, cells, objective, rungs, tuners, fine),
        speed_ups=speed_ups(steps, cells, objective, tuners, contest.longest_random, grid),
        retrained=retrained,
        winners=winners,
        overtuning=overtuned,
        best=best_configurations(rows.trials, rows.epochs, objective, contest.labels),
        failures=failure_groups(rows.trials),
        by_budget=_by_budget(judged_steps, cells, objective, contest),
        choice=_labelled(problem_choice(scored, replicate, rows.retrainings, pairs, contest, alike), name, recorded),
        replicate=replicate,
        variance=variance_parts(rows.retrainings, tuners, split_each=bool(recorded.data.resampling)),
        new_data=new_data_pairs(rows.retrainings, tuners, objective, recorded.data.rows or {}),
    )
    return summary, measures


def _needed(contest: Contest, paired: bool) -> Callable[[int], int]:
    """From a number of pairs, the replicates that can show a difference; a rule that only chooses may have too few."""
    rule = contest.rule

    def needed(pairs: int) -> int:
        if rule is not None and rule.decides(pairs, contest.sides):
            return rule.first_look(pairs, contest.sides)
        at_the_end = replicates_needed if paired or rule is not None else of_two_samples
        return at_the_end(pairs, 2 * LEVEL / contest.sides)

    return needed


def _judged(
    scored: Endpoint, cells: pd.DataFrame, contest: Contest, family: Sequence[tuple[str, str]], sides: int
) -> pd.DataFrame:
    """A family's pairs, judged by the plan's rule: if looks added replicates, one test would be wrong."""
    pairs = pairwise(scored, family, rope=contest.rope, sides=sides)
    return pairs if contest.rule is None else looks.judged(pairs, scored, cells, contest.rule, sides)


def _by_budget(
    steps: pd.DataFrame, cells: pd.DataFrame, objective: Objective, contest: Contest
) -> tuple[AtBudget, ...]:
    """What one would have got at each of `SHARES`: only the full budget is judged.

    Nothing if the budget is in seconds: the times of single epochs are not recorded.
    """
    if len(contest.tuners) < 2 or contest.budget.seconds is not None:
        return ()
    epochs = {share: int(share * contest.budget_epochs) for share in SHARES}
    return tuple(
        at_budget(share, spent, final_scores(steps, cells, share), contest.tuners, objective)
        for share, spent in epochs.items()
    )


def _labelled(choice: ProblemChoice, name: str, recorded: ProblemRecord) -> ProblemChoice:
    """The choice, with a word before it if the results do not come from trainings here."""
    return replace(choice, line=f"{prefix(recorded)}: {choice.line}") if words(name, recorded) else choice


def _with_provenance(ruling: Verdict, name: str, recorded: ProblemRecord) -> Verdict:
    """The verdict, with a note if the results do not come from trainings here."""
    label = words(name, recorded)
    if not label:
        return ruling
    return replace(ruling, line=f"{prefix(recorded)}: {ruling.line}", details=(label, *ruling.details))
