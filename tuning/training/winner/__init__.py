"""What is made of a winner that was trained once more.

Imports: words, journal, training.

    saving             save_model, load_model
    anatomy            anatomy: its layers and predictions
    tensorboard_logs   what TensorBoard can show of its training
"""
