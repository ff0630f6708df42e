"""Which server a client calls, and with which key or token."""
