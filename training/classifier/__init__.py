"""The classifier: whether a proposed box really holds a face."""
