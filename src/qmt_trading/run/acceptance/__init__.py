"""The acceptance of a broker's terminal: a person and this program find out together what nobody has written down."""
