"""The gate: every order passes it, whatever way it came; one rule a file, values in and a denial or None out."""
