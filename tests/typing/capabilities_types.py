"""Capabilities: what is said once for all their rules."""

from __future__ import annotations

from poblano import Capability, Store

reveal_type(Capability("shop", on_error="audit", timeout=3))  # revealed: Capability[str]
reveal_type(Capability("shop", namespaces=["a", "b"], store=Store(int)))  # revealed: Capability[int]
Capability("shop", on_error="reject", timeout=30)
Capability("shop", on_error="ignore")
Capability("shop", on_error="Fail")  # error: arg-type | reportArgumentType
Capability("shop", timeout=2.5)  # error: arg-type | reportArgumentType
Capability("shop", timeout="3")  # error: arg-type | reportArgumentType
Capability("shop", "reject")  # error: call-arg | reportCallIssue
