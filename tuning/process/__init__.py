"""This process: how a process that trains is set up, and how TensorFlow is imported.

Imports: nothing.

    blas                one_blas_thread
    gpus                visible, hide: GPUs, without TensorFlow
    garbage             no_search_for_cycles, kept_for_good
    keras_settings      KerasSettings: precision and the like, told to workers
    limits              cores, free_memory: in a container too
    manifest            manifest: versions and settings, for the journal
    silence             silent, aside: what a user's code prints
    setup               prepare_process
    system              FORKS, lock, shell_line: what differs between operating systems
    tensorflow_import   import_tensorflow: without its start-up messages
"""
