"""Renders of heads with exact truth: what each of the 52 coefficients is, and where every point lies."""
