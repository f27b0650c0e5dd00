"""HPARAMS logs for TensorBoard, written without TensorFlow.

Imports: words, journal, analysis.

    hparams      HparamsWriter, write_hparams: a row a trial
    summary      write_hparams_summary: a row a tuner
    messages     TensorBoard's own protobuf messages
    event_file   write_event_file
    server       serve: opens TensorBoard
"""
