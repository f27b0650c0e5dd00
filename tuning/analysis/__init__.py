"""From a journal's frames to numbers and to a verdict: pure functions, one module a kind of statement.

Imports: words, statistics, journal.

    curves            incumbents, final_scores: the best score so far over the budget
    contest           Contest: who is compared, at what budget and by what rule
    pairs             pairwise: each pair of tuners, replicate by replicate
    looks             judged: the same for a study that adds replicates until it is decided
    standings         medians, interquartile means and ranks at every budget
    targets           epochs to a target, performance profiles
    winners           what winners are worth on fresh seeds
    tuner_table       tuner_table: a row a tuner
    trials            the best trial of each tuner, and those that failed
    verdict/          who is shown better than whom
    problem_summary   ProblemSummary: all of it for one problem
    summary           Summary, summarise: all of it for one journal
    summary_json      to_json: `summary.json`
"""
