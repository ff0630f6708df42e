"""What a client types into a terminal, and what it makes of its output."""
