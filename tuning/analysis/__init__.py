"""From a journal's frames to numbers and to a verdict: pure functions, one module a kind of statement.

Imports: words, statistics, journal.

    curves         incumbents, final_scores: the best score so far over the budget
    pairs          pairwise: each pair of tuners, replicate by replicate
    looks          judged: the same for a study that adds replicates until it is decided
    standings      medians, interquartile means and ranks at every budget
    targets        epochs to a target, performance profiles
    winners        what winners are worth on fresh seeds
    verdict        Verdict: who is shown better than whom
    summary        Summary, summarise: all of it for one journal
    summary_json   to_json: `summary.json`
"""
