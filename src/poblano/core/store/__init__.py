"""What a store does with its items, without I/O: what is kept where, what is sent, and what is known."""
