"""Watches the cluster: informers that keep caches, and controllers that run a module's watch and reconcile actions."""
