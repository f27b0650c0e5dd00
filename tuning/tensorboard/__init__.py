"""HPARAMS logs for TensorBoard, written without TensorFlow.

Imports: words, journal, analysis, exploration.

    hparams                 HparamsWriter, write_hparams: one row per trial
    best                    write_best: the best trials of every tuner, in order of rank
    summary                 write_hparams_summary: one row per tuner
    columns                 Column: those of the table
    names                   column_names, curve_tag: a user's names beside ours
    messages                TensorBoard's own protobuf messages
    server                  serve: opens TensorBoard
    tensorboard_internals   write_event_file, plugins_in_order: parts of TensorBoard that may change
"""
