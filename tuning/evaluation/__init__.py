"""Where epochs are counted and scores are given: what every tuner calls for each trial.

Imports: words, journal, training, problems.

    evaluator     Evaluator: counts, scores, stops at the budget, replays
    checkpoints   Checkpoints: states of trials that may be continued
"""
