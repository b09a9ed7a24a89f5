"""How good the 52 coefficients are."""
