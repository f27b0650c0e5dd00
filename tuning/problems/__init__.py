"""Problems, which implement `train`: by Keras, by a table of trained configurations, or by a formula.

Imports: words, journal, resampling, space, training.

    problem        TrainingProblem (what tuners see of one), Problem
    problem_data   ProblemData: a problem's data, loaded once a process and split as it says
    surrogate      Surrogate: learning curves computed from trained ones
    table          TableProblem: a surrogate with the interface of a problem
    synthetic      SyntheticProblem: for tests
"""
