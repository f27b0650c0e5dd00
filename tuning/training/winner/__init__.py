"""A retrained winner: its saved model, its description, its logs.

Imports: words, journal, training.

    saving             save_model, load_model
    anatomy            anatomy: its layers and predictions
    tensorboard_logs   its training in TensorBoard
"""
