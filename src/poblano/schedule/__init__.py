"""Runs the schedules of a module: on the replica that leads, by what the store says of them."""
