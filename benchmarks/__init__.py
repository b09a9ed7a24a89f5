"""What facetracker costs: repeatable measurements, run by hand. See README.md here."""
