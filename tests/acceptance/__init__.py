"""``qmt panic`` and ``qmt acceptance`` over the stand-in terminal and over hosts that misbehave."""
