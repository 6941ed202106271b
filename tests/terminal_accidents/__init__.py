"""The accidents of the field, and the cancel road, over a whole engine, the real host and the real xttrader.py."""
