"""Where the trials lay in the search space, and what that shows.

Imports: words, process, statistics, journal, analysis.

    dimensions    Dimension: a recorded hyperparameter without KerasTuner
    coverage      coverage: how much of the space was seen
    boundary      boundary: whether the best are at a bound
    rungs         rungs: what successive halving kept
    importance    importance: which hyperparameters matter
    dependence    dependence: the score against a hyperparameter or two, averaged over the others
    exploration   Search, searches: all of this for each problem
"""
