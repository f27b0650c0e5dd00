"""Which rows are training, validation and test data, drawn from a seed; nothing here trains.

Imports: words.

    plans         Holdout, CrossValidation: how a problem's data are to be split
    samples       Samples: one whole data set, as a problem's `data` returns it; load_samples
    labels        class_labels: whether targets are classes, and which
    draw          draw, draw_for: the rows of each part
    splitters     split: calls a splitter, scikit-learn's or one's own
    holdout       drawn_rows: some rows at random, by class and by group
    partition     Partition, Fold: row numbers; their fingerprint and a table of sizes
    check         check: refuses parts that overlap, are empty or miss a class
    preprocess    fitted_splits: the arrays of one fold, a transformer fitted on its training rows alone
"""
