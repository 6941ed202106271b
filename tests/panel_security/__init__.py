"""What an attacker would try at the panel; ``python -m tests.panel_security`` tries for longer."""
