"""What answers `train`: a Keras problem, a table of trained configurations, or a formula.

Imports: words, journal, space, training.

    problem     TrainingProblem (what tuners know of one), Problem
    surrogate   Surrogate: learning curves computed from trained ones
    table       TableProblem: a surrogate behind the interface of a problem
    synthetic   SyntheticProblem: for tests
"""
