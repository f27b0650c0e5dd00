"""Counts epochs and gives scores: every tuner calls it for each trial.

Imports: words, journal, training, problems.

    evaluator         Evaluator: counts, scores, stops at the budget, replays
    members           Member, mean_curve: the trainings of one trial, for each repeat and fold
    known_trainings   KnownTrainings: an equal training is not made again
    trial_training    TrialTraining: trains them one after another
    training_watch    TrainingWatch: the curve of one training, and when it must end early
    states            States: training states at the end of trials, to continue them
    checkpoints       Checkpoints: those states in files
"""
