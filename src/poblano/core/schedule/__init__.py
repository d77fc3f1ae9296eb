"""When a schedule is due, what came of its runs, and what is to be done next. Without a clock of its own, and without I/O."""
