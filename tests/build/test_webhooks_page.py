"""docs/webhooks.md says what is built of its example, and all that is looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from poblano.build.hazards import hazards
from poblano.build.lockouts import checked
from poblano.build.pushed import lines
from poblano.core.registered import policies
from tests.build.asked import asked, plan
from tests.build.judged import NS
from tests.test_docs import BLOCK

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `")]


def test_the_example_is_built_to_what_the_page_says():
    names: dict[str, Any] = {}
    (code,) = BLOCK.findall(PAGE)
    exec(code, names)
    planned = plan(*names["module"].capabilities)
    told = [line.split("|")[1:6] for line in ROWS if "<uuid>.poblano.dev" in line]

    assert checked(planned) == ()
    for row, (name, webhook) in zip(told, asked(planned).items(), strict=True):
        titled, path, policy, seconds, _ = (cell.strip().strip("`") for cell in row)
        assert titled == name.replace("hello", "<uuid>")
        assert path == webhook["clientConfig"]["service"]["path"]
        assert policy == policies(planned.entries, "hello")["validate"][name]
        assert int(seconds) == webhook["timeoutSeconds"]
    assert [line.split() for line in lines(planned)] == [line.split() for line in PAGE.split("```\n")[2].splitlines()]


def test_the_page_has_all_that_is_looked_for_and_where_it_was_learned():
    others = {"own-account", "additional-for-nothing", "long-timeout", "timeouts-add-up"}
    named = {line.split("`")[1] for line in ROWS}

    assert {each.name for each in hazards(NS)} | others | {"unlabelled-namespaces", "accepted-nothing"} <= named
    for each in hazards(NS):
        (row,) = (line for line in ROWS if line.startswith(f"| `{each.name}` |"))
        assert each.learned in row or each.name == "ways-in"
