"""The eye network: pupil, lids and openness of one upright eye."""
