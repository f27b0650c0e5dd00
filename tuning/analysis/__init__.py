"""From a journal's frames to numbers and a verdict: pure functions, one module per kind of statement.

Imports: words, statistics, journal.

    conduct             what each tuner did: random draws, trainings in full
    curves              incumbents, final_scores: the best score so far over the budget
    contest             Contest: who is compared, at what budget and by what rule
    interval_coverage   students, short_of: what intervals cover where that is less than they say, in words
    pairs               pairwise: each pair of tuners, replicate by replicate
    new_data            new_data_pairs: whether a difference holds for new data, too
    looks               judged: pairs of a study that adds replicates until it is decided
    searching           searching: all tuners together against each baseline
    standings           medians, interquartile means and ranks at every budget
    targets             epochs to a target, expected running times, shares of targets reached, performance profiles
    speed               speed_ups: how many epochs random search needs for a tuner's scores
    winners             what winners are worth on fresh seeds
    overtuning          overtuning: which searches ended at something worse than they had before
    variance            variance_parts: what makes the winners of one tuner differ
    tuner_table         tuner_table: a row per tuner
    trials              the best trial of each tuner, and those that failed
    endpoints           Endpoint, endpoint: the scores that are judged
    spent               spent_by_cell, Spent: epochs and seconds of searches, baselines and retraining
    choices             ProblemChoice: which tuner to take now
    verdict/            who is shown to be better
    problem_summary     ProblemSummary: all this for one problem
    over_problems/      what several problems say together
    summary             Summary, summarise: all this for one journal
    summary_json        to_json: `summary.json`
"""
