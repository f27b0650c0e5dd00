"""HPARAMS logs for TensorBoard, written without TensorFlow.

Imports: words, journal, analysis.

    hparams                 HparamsWriter, write_hparams: a row a trial
    summary                 write_hparams_summary: a row a tuner
    messages                TensorBoard's own protobuf messages
    server                  serve: opens TensorBoard
    tensorboard_internals   write_event_file, plugins_in_order: what TensorBoard does not promise to keep
"""
