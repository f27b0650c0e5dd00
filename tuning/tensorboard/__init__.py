"""HPARAMS logs for TensorBoard, written without TensorFlow.

Imports: words, journal, analysis.

    hparams                 HparamsWriter, write_hparams: one row per trial
    summary                 write_hparams_summary: one row per tuner
    names                   column_names, curve_tag: a user's names beside ours
    messages                TensorBoard's own protobuf messages
    server                  serve: opens TensorBoard
    tensorboard_internals   write_event_file, plugins_in_order: parts of TensorBoard that may change
"""
