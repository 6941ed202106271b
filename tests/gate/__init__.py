"""An independent plain model of the risk gate, and what compares the two."""
