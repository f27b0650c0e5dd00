"""Problems, which implement `train`: by Keras, by a table of trained configurations, or by a formula.

Imports: words, journal, space, training.

    problem     TrainingProblem (what tuners see of one), Problem
    surrogate   Surrogate: learning curves computed from trained ones
    table       TableProblem: a surrogate with the interface of a problem
    synthetic   SyntheticProblem: for tests
"""
