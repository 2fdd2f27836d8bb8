"""Knows questions about placement: can everything run at once, after a loss, on how few nodes, and never
so.
"""
