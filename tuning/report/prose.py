"""The sentences of a report: what was compared, how, and what the numbers mean."""

from __future__ import annotations

import pandas as pd

from tuning.analysis.contest import Contest
from tuning.analysis.pairs import EVIDENCE
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import Summary
from tuning.formatting import count, names, p_value, plural, seconds
from tuning.journal.journal import Journal
from tuning.journal.plan import endpoint_words
from tuning.journal.records import BUDGET_SPENT, CellState
from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.equality import RARE, fewest
from tuning.statistics.power import ENOUGH
from tuning.statistics.sequential import SPENDING_POWER, Rule
from tuning.statistics.signed_rank import LEVEL

PAIRS_NOTE = (
    "Differences are in the unit of the objective. A beats B: the chance that A's score is better, with its 95% "
    "interval. Smallest p: what these replicates could give at best, before Holm's adjustment. Replicates needed: a "
    "range, and only where something speaks for a difference."
)
TARGETS_NOTE = (
    "Expected running time: the epochs of all replicates until they reached the target or ended, for each that reached "
    "it. It is what it costs to search afresh until one search succeeds; ∞ where none did. It has no interval: it "
    "divides by the share of searches that succeed, and where all of few do, nothing says how rarely one fails."
)
CHOICE_NOTE = (
    "This is no test and claims nothing: it says what to take if you must take one now. Expected loss is how much "
    "worse than the best a tuner's mean score is expected to be. The numbers come from a hierarchical model of all "
    "scores, which draws means of few replicates towards each other, allows for failed searches, and was checked by "
    "simulation. As good are tuners that were the same algorithm as the recommended one, or that with 95% probability "
    "differ from it by less than the rope (without one, than one standard deviation of a training from seed to seed)."
)

OVER_PROBLEMS = (
    "Differences are in spreads: a problem's difference divided by the standard deviation of one tuner's scores "
    "between its searches there, so that problems of different metrics can be averaged; where searches hardly vary, "
    "small differences are many spreads. Each problem counts once, and problems that share data count as one. These "
    "problems: the average over them, uncertain only because searches are. Problems like these: the average over "
    "those that might have been taken instead, uncertain also because problems differ; few problems say little. A new "
    "problem: what the same study of one more problem would find. Pairs are compared by a random-effects "
    "meta-analysis (Hedges, Journal of Educational Statistics 6, 1981; Hartung and Knapp, Statistics in Medicine 20, "
    "2001), Holm-adjusted over pairs. Drawn together: by a hierarchical model, which moves what one problem says "
    "towards what all say. Mean ranks have Student's interval over problems, that of a median normalised score lies "
    "between two problems', and the critical difference takes each problem as one block: all speak of problems like "
    "these."
)


def scope(journal: Journal, summary: Summary) -> str:
    """What was compared, in a line."""
    contest = summary.contest
    parts = [
        *([plural(len(summary.problems), "problem")] if len(summary.problems) > 1 else []),
        plural(len(contest.tuners), "tuner"),
        plural(journal.plan.replicates, "replicate"),
        contest.budget_words,
    ]
    if not contest.baselines:
        return ", ".join(parts)
    others, plain = _other_budgets(journal, contest), journal.no_search()
    more = [
        f"{label} (no search)" if label in plain else f"{label} (of {others[label]})" if label in others else label
        for label in contest.baselines
    ]
    return f"{', '.join(parts)}; beside them the {'baseline' if len(more) == 1 else 'baselines'} {names(more)}"


def _other_budgets(journal: Journal, contest: Contest) -> dict[str, str]:
    """What the cells of baselines may spend that have not the tuners' budget, by label."""
    plan = journal.plan
    if contest.trainings is None:
        budgets = {label: plan.budget_of(label) for label in contest.baselines}
        return {label: budget.words() for label, budget in budgets.items() if budget != contest.budget}
    factors = {label: plan.settings[label].budget_factor for label in contest.baselines}
    return {
        label: f"the epochs of {factor * contest.trainings:.4g} full trainings a cell"
        for label, factor in factors.items()
        if factor != 1
    }


def finished(summary: Summary) -> str:
    """How far the searches came, in a line."""
    cells = summary.cells[summary.cells["tuner"].isin(summary.contest.tuners)]
    done, failed = int((cells["state"] == CellState.DONE).sum()), int(summary.tuners["trials_failed"].sum())
    trials = f"{plural(failed, 'trial')} failed" if failed else "no trial failed"
    return f"{count(done)} of {plural(len(cells), 'search', 'searches')} finished, {trials}"


def holds_for(journal: Journal) -> list[str]:
    """Which data the comparison speaks for: each problem's splits, in a sentence."""
    sentences = []
    for name, problem in journal.problems.items():
        if problem.lookup is not None:
            sentences.append(
                f"{name}: all replicates look scores up in one table, and differ by the searches and by which training "
                "of a configuration they see. A difference that is shown holds for this table."
            )
        elif problem.noise_free:
            sentences.append(
                f"{name}: each replicate has a table of its own, which its tuners share: configurations drawn with "
                "replacement from the trained ones. A difference that is shown holds for tables drawn in this way."
            )
        if problem.noise_free or problem.surrogate is not None or problem.imported is not None:
            continue
        if problem.data.resampling:
            sentences.append(
                f"{name}: each replicate has a split of its own, {problem.data.resampling}, which its tuners share. A "
                "difference that is shown holds for new splits of these data."
            )
        else:
            sentences.append(
                f"{name}: all replicates have the same training, validation and test data. A difference that is shown "
                "holds for this one split; on another split the result may differ."
            )
        if (trainings := problem.folds * problem.repeats) > 1:
            each = [
                f"{number} {kind}"
                for kind, number in (("folds", problem.folds), ("seeds", problem.repeats))
                if number > 1
            ]
            sentences.append(
                f"A trial of {name} is {trainings} trainings ({' times '.join(each)}): its score is that of their mean "
                "curve, and the epochs of all of them are charged."
            )
        if problem.folds > 1:
            sentences.append(
                "A winner is retrained on all folds together, for the epochs that the mean curve says, so that fresh "
                "seeds have no validation score."
            )
        if problem.data.preprocess:
            sentences.append(f"{problem.data.preprocess} was fitted on the training part of each split alone.")
    return sentences


def baselines_note(journal: Journal, contest: Contest) -> str:
    """How tuners are compared with baselines."""
    plain = journal.no_search()
    timed = contest.budget.seconds is not None
    a_tuner = contest.budget.words() if timed else count(contest.budget_epochs)
    if contest.trainings is not None:
        a_tuner = f"{contest.trainings:.4g}"
    more = [
        f"{label} had {budget} where a tuner had {a_tuner}"
        for label, budget in _other_budgets(journal, contest).items()
        if label not in plain
    ]
    end = f" Compared at the end of each budget: {names(more)}." if more else ""
    end += f" No search: {'; '.join(f'{label} is {what}' for label, what in plain.items())}." if plain else ""
    return (
        "First, all tuners together against each baseline, a family of its own, by an exact rank test: were no search "
        "other than the baseline, its runs would be as likely to stand at any place among the searches, within a "
        "replicate where its cells share a split (van Elteren, Bulletin of the International Statistical Institute 37, "
        "1960), else among all. It is assumed that searches are independent of one another. Then each tuner against "
        "each baseline, another family: baselines do not enlarge that of the tuners. The difference is tuner − "
        f"baseline.{end}"
    )


def unranked(problem: ProblemSummary) -> str:
    """Why there is no critical difference, if there is none."""
    if len(problem.contest.tuners) < 3:
        return "Ranks of two tuners say no more than their pair does." if len(problem.contest.tuners) == 2 else ""
    test = problem.rank_test
    if test is None:
        return "No critical difference: fewer than two replicates were finished by all tuners that have a score."
    return "No critical difference: fewer than three tuners have a score." if len(test.tuners) < 3 else ""


def says_nothing(problem: ProblemSummary) -> dict[str, str]:
    """Of figures in which there is nothing to see, by kind, what they would show."""
    found = {}
    test, table = problem.rank_test, problem.tuners
    if test is not None and test.p > LEVEL:
        found["critical_difference"] = f"No ranks are shown to differ: Friedman's test has p {p_value(test.p)}."
    if (table["trials_complete"] == table["trials"]).all():
        found["trials_by_state"] = f"All {count(int(table['trials'].sum()))} trials are COMPLETE."
    return found


def audit_line(summary: Summary) -> str:
    """What the tuners were charged of their plan, and, separately, the baselines, which may need less."""
    cells = summary.cells
    beside = cells["tuner"].isin(summary.contest.baselines)
    wrong = int((~cells["adds_up"].astype(bool)).sum())
    parts = [
        _charged(cells[~beside]),
        *([f"Baselines, which may want less than they are given: {_charged(cells[beside])}"] if beside.any() else []),
        *([f"In {plural(wrong, 'cell')} the trials' epochs do not add up to the recorded charge."] if wrong else []),
    ]
    return " ".join(parts)


def _charged(cells: pd.DataFrame) -> str:
    if "planned_seconds" in cells:
        spent, trained = int((cells["reason"] == BUDGET_SPENT).sum()), seconds(float(cells["train_seconds"].sum()))
        return (
            f"{plural(int(cells['charged_epochs'].sum()), 'epoch')} were charged, in {trained} of training; "
            f"{count(spent)} of {plural(len(cells), 'cell')} spent the budget."
        )
    exact = int(((cells["charged_epochs"] == cells["planned_epochs"]) & cells["adds_up"]).sum())
    charged, planned = int(cells["charged_epochs"].sum()), int(cells["planned_epochs"].sum())
    return (
        f"{count(charged)} of {plural(planned, 'planned epoch')} were charged; {count(exact)} of "
        f"{plural(len(cells), 'cell')} spent exactly the budget."
    )


def normalised(contest: Contest) -> str:
    """What the normalised score is, or why there is none."""
    if contest.random_search is None:
        return "No normalised score: no random search is among the tuners."
    return (
        f"Normalised: 1 is the interquartile mean of {contest.random_search} at the same budget, 0 the best score "
        "known of the problem. Lower is better. Undefined if random search found the best known."
    )


def method(contest: Contest) -> list[str]:
    but = f" but for those with {contest.reference}, which are one-sided" if contest.sides == 1 else ""
    return [
        "The unit is the cell: one tuner's search on one problem in one replicate. Budgets are training epochs, "
        "charged as they are trained; failed and cut trials are charged, a promoted trial is charged its increment. "
        "A score counts at the epoch that paid for it, and the best so far is a step function, never interpolated. "
        "Nothing is imputed: a comparison uses the replicates that both tuners finished, and says how many.",
        *_timed(contest),
        f"Intervals over replicates are {CONFIDENCE:.0%} ones. A median's lies between two of the scores and is exact; "
        "of fewer than 6 replicates even the smallest and the largest score cover less, and the heading says how much. "
        "Means have Student's, interquartile means Student's with the variance of Tukey and McLaughlin (Sankhya A 25, "
        "1963), shares and mean ranks Clopper and Pearson's (Biometrika 26, 1934), normalised scores Fieller's "
        "(Journal of the Royal Statistical Society B 16, 1954). Over several problems, means of ranks have Student's, "
        "medians of normalised scores lie between two of the problems'.",
        f"{family(contest)} Where replicates have splits of their own, which their tuners share, a pair is tested by "
        "Wilcoxon's signed-rank test of the differences within replicates; where they share nothing, by the rank-sum "
        f"test of two samples (both exact, two-sided{but}; Wilcoxon, Biometrics Bulletin 1, 1945). The plan decides "
        "which, not the scores. p is adjusted by Holm's method over the pairs of a problem (Holm, Scandinavian "
        f"Journal of Statistics 6, 1979), and a difference is declared at an adjusted p of at most {LEVEL:g}. Only "
        "the full budget is judged; smaller shares are described. The difference of a pair is Hodges and Lehmann's "
        f"estimate with its interval; that is not adjusted for the number of pairs. {equivalence(contest)}",
        "The chance that one tuner beats another has Newcombe's interval for two samples, Clopper and Pearson's for "
        "differences within replicates. A difference is usually called meaningful from a chance of 75% on "
        f"(Bouthillier et al., MLSys 2021). Replicates needed for {ENOUGH:.0%} power are given for pairs with an "
        f"adjusted p of at most {EVIDENCE:g}, as a range: by Noether's formula (JASA 82, 1987) at both ends of that "
        "interval.",
        "Ranks are compared by Friedman's test and Nemenyi's critical difference (Demsar, Journal of Machine Learning "
        "Research 7, 2006), over replicates within a problem and over problems where there are several.",
        f"The verdict and the recommendation are about {endpoint_words(contest.endpoint, contest.noise_free)}. The "
        "best score that a search saw is the best of many draws: more draws have more luck, so it tells how a search "
        "went, not what it is worth. No search sees the test split.",
    ]


def _timed(contest: Contest) -> list[str]:
    """What a budget in seconds means, if it is one."""
    if contest.budget.seconds is None:
        return []
    return [
        f"The budget is a time, {contest.budget.words('training epoch')}: the seconds that the journal records for "
        "each trial, of building, training and validating, without the tuner's thinking. The epoch that passes it is "
        "charged, and its trial is CUT. It depends on the machine and on what else ran on it, cells side by side among "
        "that. Searches are compared where each one's time was over, however many epochs it had trained; what is shown "
        "over epochs describes, and a search that came less far keeps its last score to the end of the axis."
    ]


def retraining_note(contest: Contest) -> str:
    """What was done with the incumbents after the search."""
    if not contest.retrain:
        return ""
    if contest.noise_free:
        return (
            "When a search is over, its winner, and the incumbents that a quarter and half of its budget would have "
            "returned, are asked for again without noise: the mean that the table, or the replicate's surrogate, "
            "has for the configuration. Optimism is how much better the search saw its winner than that, "
            "where it had trained it in full: the luck of the best of many. Regret is how much better than that the "
            "best configuration of the table is."
        )
    return (
        f"When a search is over, its winner is trained again in full on "
        f"{plural(contest.retrain, 'fresh seed')}, uncharged. What it would have returned at a quarter and at half of "
        "its budget is trained again at least once. The weights that count are scored on "
        "the test split, where there is one. A cell's value is the mean over its seeds. Optimism is how much better "
        "the search saw its winner than it is on fresh seeds, where it had trained it in full. Overtuned is a "
        "search that ended at a configuration truly worse than an earlier incumbent of its own (Schneider, Bischl and "
        "Feurer, arXiv:2506.19540, 2025), by more than the rope or, without one, than a training varies from seed to "
        "seed. That is estimated by a hierarchical model of all retrainings, with a credible interval: simply counting "
        "lower means would call two thirds of searches overtuned where all configurations are equally good."
        f"{' It is not estimated here: that takes two fresh seeds or more.' if contest.retrain == 1 else ''}"
    )


def variance_sentences(summary: Summary) -> list[str]:
    """Of each problem, what makes the winners of one tuner differ."""
    sentences = []
    for name, problem in summary.problems.items():
        if problem.variance is None:
            continue
        shares = problem.variance.parts.shares()
        drawn = "table" if problem.endpoint.noise_free else "split"
        own = f", and what a {drawn} does for one tuner alone" if "split" in shares else ""
        words = {
            "split": f"the {drawn}",
            "search": f"the search (its seed{own})",
            "training": "the seed of the training",
        }
        metric = problem.objective.metric if problem.variance.of == "score" else problem.objective.test_metric
        alone = "" if len(summary.problems) == 1 else f" on {name}"
        sentences.append(
            f"What makes the {'test ' if problem.variance.of == 'test' else ''}{metric} of one tuner's winners "
            f"differ{alone}: "
            + ", ".join(f"{words[part]} {share:.0%}" for part, share in shares.items())
            + f" of the variance, estimated from {plural(problem.variance.searches, 'search', 'searches')}."
        )
    return sentences


def new_data_sentences(summary: Summary) -> list[str]:
    """Of each problem whose replicates are splits of one data set, what they say of new data of the same kind."""
    sentences = []
    for name, problem in summary.problems.items():
        if problem.new_data.empty:
            continue
        shown = [
            f"{row['decided']} better than {row['b'] if row['decided'] == row['a'] else row['a']} "
            f"(by {abs(row['difference']):.3g}, p {row['p_holm']:.2g})"
            for row in problem.new_data.to_dict("records")
            if row["decided"]
        ]
        found = f"shown are {names(shown)}" if shown else "no difference is shown"
        sentences.append(
            f"{'' if len(summary.problems) == 1 else f'{name}: '}The test parts of different splits overlap. The "
            "verdict, which is about new splits, allows that. About new data of the same kind, corrected for the "
            f"overlap (Nadeau and Bengio, Machine Learning 52, 2003; Holm over all pairs): {found}."
        )
    return sentences


def untested(journal: Journal) -> list[str]:
    """Retrained models without a test score although there is a test split, and why."""
    reasons: dict[tuple[str, str], int] = {}
    for cell in journal.planned_cells():
        for retraining in journal.retrainings.get(cell, ()):
            if retraining.untested:
                key = (cell.problem, retraining.untested)
                reasons[key] = reasons.get(key, 0) + 1
    return [
        f"{plural(number, 'retrained model')} of {problem} {'has' if number == 1 else 'have'} no test score: {reason}."
        for (problem, reason), number in reasons.items()
    ]


def family(contest: Contest) -> str:
    """Which pairs are judged together."""
    if contest.sides == 1:
        return (
            f"Asked is, as the study declared, whether each tuner is better than {contest.reference}, and no more: "
            "pairs are tested in that direction alone. Intervals have two ends nevertheless."
        )
    if contest.reference:
        return f"Each tuner is compared with {contest.reference}, as the study declared, and with no other."
    return "Every two tuners are compared."


def equivalence(contest: Contest) -> str:
    if contest.rope is None:
        return "No region of practical equivalence was set, so no pair is called practically equal."
    return (
        f"Practically equal are two tuners whose difference is shown to lie within ±{contest.rope:g}, the region that "
        "the study set: by two one-sided tests of the median and of the mean (Schuirmann, Journal of Pharmacokinetics "
        "and Biopharmaceutics 15, 1987), Holm-adjusted. That of the mean allows for skewness (Hall, Journal of the "
        "Royal Statistical Society B 54, 1992) and for one more search as bad as the worst, and no p is lower than the "
        f"chance that what fails in {RARE:.0%} of searches has not failed yet: one pair takes {fewest()} replicates, "
        f"the first of three {fewest(3)}, of ten {fewest(10)}."
    )


def batches(journal: Journal) -> list[str]:
    """A note on tuners that ask for several trials before they know any of their results."""
    return [
        f"{label} asked for {settings.parallel_trials} trials at a time, each chosen without the results of the "
        "others of its batch; a tuner that learns from every result knows more after as many trials."
        for label, settings in journal.plan.tuners.items()
        if settings.parallel_trials != 1
    ]


def looks_method(rule: Rule) -> str:
    """For the report: what replaced one test at the end."""
    end = "every pair was decided" if rule.loss is None else f"the expected loss of a choice was at most {rule.loss:g}"
    words = (
        f"Replicates were added until {end}, at most {rule.cap}, and the pairs were tested after each "
        "one. So p is not that of one test at the end but of the sequence of looks: the smallest level (of a grid) "
        "whose sequence of tests has stopped, on sequential signed ranks (Reynolds, Annals of Statistics 3, 1975) with "
        f"exact boundaries under random signs, of which (k / {rule.cap})^{SPENDING_POWER} of a level is spent after k "
        "replicates (Lan and DeMets, Biometrika 70, 1983; Kim and DeMets, Biometrika 74, 1987). Wherever the looks "
        f"end, the chance of declaring any difference that is not there is at most {LEVEL:g}. "
        "Differences are taken within replicates, also where these share nothing: instead of the rank-sum test, which "
        "has no such looks."
    )
    if rule.rope is None:
        return words
    return (
        f"{words} Pairs are practically equal when their difference is shown to lie within ±{rule.rope:g}: the same "
        "test, one-sided, refutes a shift of as much in either direction, adjusted by Holm's method as a family of its "
        "own, and so does the test of the mean, its p doubled, at the share of the level that is spent by then."
    )
