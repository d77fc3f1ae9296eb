"""Pure logic: no I/O, no network library, the clock from outside. Everything above rests on it, it rests on nothing."""
