"""The web panel's server, in its own process: what it shows, what it takes, and who may."""
