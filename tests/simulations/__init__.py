"""Simulations of the statistics: what the tests run small, run in full by hand."""
