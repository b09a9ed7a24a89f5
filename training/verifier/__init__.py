"""The verifier: whether a proposed box really holds a face."""
