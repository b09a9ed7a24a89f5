"""Everything that made `models/`: data preparation, networks, training, export, evaluation."""
