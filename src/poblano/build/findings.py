"""What the linter says."""

from __future__ import annotations

from dataclasses import dataclass

from poblano.core.errors import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong with the webhooks of a module, or may become so.

    Args:
        name: of what was looked for.
        problem: what it is, and what comes of it.
        instead: what to write.
        rule: which rule has it, as ``capability/rule``; "" for the module.
        location: where that is written.
        learned: where it happened to somebody, as repository and number; "" for what is plainly a mistake.
        refused: whether it stops the build.
        acceptable: whether the settings can let it pass.
        because: why they do; "" when they do not.

    >>> print(Finding(name="nodes", problem="asks about nodes", instead="watch them", rule="shop/r", learned="kyverno#16177"))
    shop/r asks about nodes; watch them [nodes, learned from kyverno#16177]
    """

    name: str
    problem: str
    instead: str
    rule: str = ""
    location: Location | None = None
    learned: str = ""
    refused: bool = True
    acceptable: bool = True
    because: str = ""

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        who = f"{self.rule} " if self.rule else ""
        source = f", learned from {self.learned}" if self.learned else ""
        return f"{place}{who}{self.problem}; {self.instead} [{self.name}{source}]"

    def entry(self) -> str:
        """What to write into the settings to let it pass.

        >>> Finding(name="nodes", problem="asks about nodes", instead="watch them", rule="shop/r").entry()
        '{ finding = "nodes", rule = "shop/r", because = "..." }'
        """
        rule = f'rule = "{self.rule}", ' if self.rule else ""
        return f'{{ finding = "{self.name}", {rule}because = "..." }}'
