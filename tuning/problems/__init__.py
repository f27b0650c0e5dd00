"""Problems, which implement `train`: by Keras, by a table, or by a formula.

Third parties register theirs through the entry point group ``tuning.problems``, see `registered`:

    [project.entry-points."tuning.problems"]
    my-problem = "my_package:my_problem"

Imports: words, journal, resampling, space, training.

    problem        TrainingProblem (what tuners see of one), Problem
    problem_data   ProblemData: a problem's data, loaded once a process and split as it says
    computed       Computed: what the two kinds share that answer from a table
    forest         Forest, NormalScores: the regression of a surrogate
    surrogate      Surrogate: learning curves computed from trained ones; Curves: of one table
    lookup         LookupProblem: scores of a published table
    table          TableProblem: a surrogate with the interface of a problem
    registered     names, load: problems that packages register
    synthetic      SyntheticProblem: for tests
"""
