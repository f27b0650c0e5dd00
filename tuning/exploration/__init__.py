"""Where the trials lay in the search space, and what that tells.

Imports: words, statistics, journal, analysis.

    dimensions    Dimension: a recorded hyperparameter without KerasTuner
    coverage      coverage: how much of the space was seen
    boundary      boundary: whether the best lie at a bound
    rungs         rungs: what successive halving kept
    importance    importance: which hyperparameters matter
    exploration   Search, searches: all of it for each problem
"""
