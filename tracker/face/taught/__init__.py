"""Expressions that the user taught: recorded as samples, learnt in closed form, recognised frame by frame."""
