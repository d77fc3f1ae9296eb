"""Pods: their defaults, admission, validation and warnings; shared by all that carries a Pod template."""
