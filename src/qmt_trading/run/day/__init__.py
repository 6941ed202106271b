"""The trading day around a real terminal: the condition of each account, the check, the report, the machine awake."""
