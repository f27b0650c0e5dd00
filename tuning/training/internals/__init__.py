"""Private parts of Keras and TensorFlow that training uses, each wrapped once, with the release it was checked with.

Imports: nothing.

    keras        what Keras does not promise to keep
    tensorflow   what TensorFlow does not promise to keep
"""
