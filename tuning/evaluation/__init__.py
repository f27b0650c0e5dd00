"""Counts epochs and gives scores: every tuner calls it for each trial.

Imports: words, journal, training, problems.

    evaluator        Evaluator: counts, scores, stops at the budget, replays
    training_watch   TrainingWatch: the curve of one training, and when it must end early
    states           States: training states at the end of trials, to continue them
    checkpoints      Checkpoints: those states in files
"""
