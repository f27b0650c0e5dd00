"""Where epochs are counted and scores are given: what every tuner calls for each trial.

Imports: words, journal, training, problems.

    evaluator        Evaluator: counts, scores, stops at the budget, replays
    training_watch   TrainingWatch: the curve of one training, and when it ends before its time
    states           States: what trials ended with, to continue them
    checkpoints      Checkpoints: those states in files
"""
