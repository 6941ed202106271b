"""The panel's pages in a real browser: every page, every flow, what a screen reader meets, and the pictures."""
