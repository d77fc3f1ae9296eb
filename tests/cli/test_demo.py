"""`poblano demo`: what it prints for examples/hello, word for word, and how it takes a module that disappoints."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.cli.developing import EXAMPLES, POBLANO, children_of, environment, started, write_project
from tests.eventually import eventually

GOLDEN = Path(__file__).with_name("golden") / "demo.txt"
OPERATOR = GOLDEN.with_name("demo-operator.txt")
WIDTH = 80
"""Columns of the golden file."""


def demo(*arguments: str, folder: Path, width: int = WIDTH) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*POBLANO, "demo", *arguments],
        cwd=folder,
        env=environment() | {"PATH": "/usr/bin:/bin", "COLUMNS": str(width)},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


def on_a_terminal(width: int, *arguments: str) -> str:
    """What the demo writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    env = environment() | {"TERM": "xterm-256color", "PATH": "/usr/bin:/bin"}
    del env["COLUMNS"]
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen(
            [*POBLANO, "demo", *arguments], cwd=EXAMPLES.parent, env=env, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        seen = b""
        try:
            while part := terminal.read(65536):
                seen += part
        except OSError:  # how Linux says that the other side of a terminal is closed
            pass
        assert process.wait(120) == 0
    return seen.decode().replace("\r\n", "\n")


def without_ports(text: str) -> str:
    """Without what depends on the machine: ports, and the note that a rule was slow."""
    text = re.sub(r"^.* held the server for \d+ ms.*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"(localhost|127\.0\.0\.1):\d+", r"\1:PORT", text)


def without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_it_prints_what_hello_does_to_its_samples() -> None:
    """To renew the file: COLUMNS=80 python -m poblano.cli demo > tests/cli/golden/demo.txt, and PORT for the ports."""
    done = demo(folder=EXAMPLES.parent)
    assert done.returncode == 0, done.stderr
    assert without_ports(done.stdout) == GOLDEN.read_text()
    assert done.stderr == ""


def test_it_shows_an_operator_at_work_that_heals_and_finalizes() -> None:
    """To renew the file: as above, with `demo examples/operator` and demo-operator.txt."""
    done = demo(str(EXAMPLES / "operator"), folder=EXAMPLES.parent)
    assert done.returncode == 0, done.stderr
    assert without_ports(done.stdout) == OPERATOR.read_text()
    assert done.stderr == ""


def test_the_screen_names_request_user_rule_verdict_change_and_what_to_try_next() -> None:
    shown = GOLDEN.read_text()
    *_, last = shown.splitlines()
    assert last == "  cd examples/hello && poblano dev"
    block = next(part for part in shown.split("\n\n") if "poblano-demo/example-5" in part)
    assert block.splitlines() == [
        "CREATE ConfigMap poblano-demo/example-5 by admin: changed, and stored",
        "  mutate   hello/got-jokes changed",
        "  validate hello/no-evil allowed",
        "     metadata:",
        "       labels:",
        "    +    got-jokes: 'true'",
        "  watch    hello/got-jokes ADDED, changed ConfigMap poblano-demo/example-5",
    ]


def test_a_terminal_shows_the_same_in_colours() -> None:
    seen = on_a_terminal(WIDTH)
    assert without_ports(without_colours(seen)) == GOLDEN.read_text()
    assert "\x1b[32m+    got-jokes: 'true'\x1b[0m" in seen
    assert "\x1b[31m-    remove-me: please\x1b[0m" in seen
    assert "\x1b[1mCREATE ConfigMap poblano-demo/example-evil-cm\x1b[0m by admin: \x1b[1;31mrefused with 400" in seen


@pytest.mark.parametrize("width", [60, 120])
def test_at_another_width_it_says_the_same(width: int) -> None:
    seen = without_ports(without_colours(on_a_terminal(width)))
    assert seen.split() == GOLDEN.read_text().split()
    if width > WIDTH:
        assert max(map(len, seen.splitlines())) <= width


WITHOUT = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in {names!r} else self.finder.find_spec(name, path, target)

sys.meta_path[:] = map(Without, sys.meta_path)
"""
"""Hides packages from a process and its children, as sitecustomize.py."""


def locked(file: str) -> set[str]:
    """The distributions in a lock file."""
    text = (EXAMPLES.parent / "requirements" / file).read_text()
    return set(re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE))


def test_it_needs_nothing_but_what_make_demo_installs(tmp_path: Path) -> None:
    needless = locked("dev.lock") - locked("runtime.lock")
    names = {
        name
        for name, homes in packages_distributions().items()
        if homes and all(canonical(home) in needless for home in homes)
    }
    assert {"pytest", "kubernetes"} <= names
    (tmp_path / "sitecustomize.py").write_text(WITHOUT.format(names=names))
    with started("demo", folder=EXAMPLES / "hello", environ={"PYTHONPATH": str(tmp_path)}) as shown:
        shown.says("all as expected.")
        assert shown.process.wait(120) == 0


def canonical(name: str) -> str:
    """The name of a distribution as lock files write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_it_can_be_told_the_folder_or_run_from_it() -> None:
    told, from_it = demo(str(EXAMPLES / "hello"), folder=Path("/")), demo(folder=EXAMPLES / "hello")
    assert told.returncode == from_it.returncode == 0
    assert "all as expected." in told.stdout
    assert from_it.stdout.endswith("\n  poblano dev\n")


def test_it_can_be_kept_and_worked_with_until_it_is_told_to_end() -> None:
    with started("demo", "--keep", folder=EXAMPLES / "hello") as kept:
        kept.says("all as expected.")
        assert kept.says("kubectl get").strip() == "kubectl get secret secret-1 -n poblano-demo -o yaml"
        kept.says("Ctrl-C to stop")
        children = children_of(kept.process.pid)
        assert "No evil CM annotations allowed." in kept.kubectl("create", "-f", "-", input=EVIL)
        kept.says("validate CREATE ConfigMap poblano-demo/another by admin: denied 400, hello/no-evil denied")
        kept.ends(signal.SIGINT)
    assert not any(Path(f"/proc/{child}").exists() for child in children)


EVIL = """
apiVersion: v1
kind: ConfigMap
metadata: {name: another, namespace: poblano-demo, annotations: {evil: "yes"}}
"""


def test_when_the_cluster_ends_that_is_told() -> None:
    with started("demo", "--keep", folder=EXAMPLES / "hello") as kept:
        kept.says("Ctrl-C to stop")
        for child in children_of(kept.process.pid):
            os.kill(child, signal.SIGKILL)
        kept.says("the embedded cluster ended by itself (killed by signal 9)")
        assert kept.process.wait(120) == 1


def test_when_it_is_killed_no_child_stays() -> None:
    with started("demo", "--keep", folder=EXAMPLES / "hello") as kept:
        kept.says("CREATE")
        children = children_of(kept.process.pid)
        assert children
        kept.process.kill()
        eventually(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "the cluster has ended")


CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n"


def test_a_surprise_is_named_and_is_1(tmp_path: Path) -> None:
    code = """
        from poblano import Capability, Module, a

        c = Capability("c")
        c.when(a.ConfigMap).is_created().in_namespace("default").alias("no").validate(lambda cm: cm.deny("no", 418))
        module = Module(c)
    """
    folder = write_project(tmp_path / "module", "no", code)
    elsewhere = CONFIG_MAP.replace("name: x", "name: x\n  namespace: shop")
    unknown = "apiVersion: shop.example.com/v1\nkind: Cart\nmetadata:\n  name: x\n"
    (folder / "x.samples.yaml").write_text(
        f"{CONFIG_MAP}---\n# expect: refused 400\n{CONFIG_MAP}---\n{elsewhere}---\n{unknown}---\n# expect: refused\n{CONFIG_MAP}"
    )
    done = demo(folder=folder, width=400)
    words = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert "5 objects: 0 accepted (0 changed), 5 refused, and not all as expected:" in words
    for surprise in (
        'x.samples.yaml:1: expected to be accepted, was refused with 418; if it is to be, write "# expect: refused 418"',
        "x.samples.yaml:6: expected to be refused with 400, was refused with 418",
        "x.samples.yaml:12: expected to be accepted, was refused with 404; put the Namespace before it",
        "x.samples.yaml:18: expected to be accepted, was refused with 404",
        'no matches for kind "Cart" in version "shop.example.com/v1"; if it is a kind of yours, ',
    ):
        assert surprise in words
    assert "x.samples.yaml:23" not in words


def test_a_rule_that_raises_is_shown_with_its_line(tmp_path: Path) -> None:
    code = """
        from poblano import Capability, Module, a

        c = Capability("c")

        @c.when(a.ConfigMap).is_created().in_namespace("default").mutate
        def breaks(cm):
            return cm.raw.data["absent"]

        module = Module(c)
    """
    folder = write_project(tmp_path / "module", "no", code)
    (folder / "x.samples.yaml").write_text(CONFIG_MAP)
    done = demo(folder=folder, width=400)
    words = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert "c/breaks error" in words
    assert f"c/breaks raised KeyError: 'absent' at {folder / 'rules.py'}:8 in breaks" in words
    assert "denied the request: c/breaks failed: KeyError: 'absent'" in words


def test_what_an_action_that_follows_raises_is_shown(tmp_path: Path) -> None:
    code = """
        from poblano import Capability, Module, Terminal, a

        c = Capability("c")

        @c.when(a.ConfigMap).with_name("x").reconcile
        async def breaks(cm, ctx):
            raise Terminal("there is no moon")

        module = Module(c)
    """
    folder = write_project(tmp_path / "module", "no", code)
    (folder / "x.samples.yaml").write_text(CONFIG_MAP)
    done = demo(folder=folder, width=400)
    assert "  reconcile c/breaks failed\n    raised Terminal: there is no moon\n" in done.stdout


def test_a_definition_among_the_samples_goes_before_the_one_made_from_the_class(tmp_path: Path) -> None:
    code = """
        from poblano import Capability, Module, Resource

        class Thing(Resource, group="shop.example.com", version="v1"):
            size: int

        c = Capability("c")
        c.when(Thing).is_created().alias("mark").mutate(lambda thing: thing.set_label("size", str(thing.raw.size)))
        module = Module(c)
    """
    folder = write_project(tmp_path / "module", "no", code)
    schema = "{type: object, properties: {size: {type: integer, maximum: 5}}}"
    definition = f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: things.shop.example.com}}
spec:
  group: shop.example.com
  scope: Namespaced
  names: {{kind: Thing, plural: things}}
  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {schema}}}}}]
"""
    thing = "apiVersion: shop.example.com/v1\nkind: Thing\nmetadata: {name: x}\n"
    (folder / "x.samples.yaml").write_text(
        f"{definition}---\n{thing}size: 5\n---\n# expect: refused 422\n{thing.replace('x}', 'y}')}size: 6\n"
    )
    done = demo(folder=folder)
    assert done.returncode == 0, done.stdout
    assert "UPDATE CustomResourceDefinition things.shop.example.com by admin: stored" in done.stdout
    assert "+    size: '5'" in done.stdout


def test_what_is_applied_twice_is_updated_and_what_the_cluster_makes_of_it_meets_the_rules(tmp_path: Path) -> None:
    code = """
        from poblano import Capability, Module, a

        c = Capability("c")
        c.when(a.Job).is_created_or_updated().alias("mark").mutate(lambda job: job.set_label("marked", "yes"))
        module = Module(c)
    """
    cron = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: x\nspec:\n  suspend: true\n  template:\n    spec:\n"
    job = f"{cron}      restartPolicy: Never\n      containers: [{{name: x, image: x}}]\n"
    folder = write_project(tmp_path / "module", "twice", code)
    (folder / "x.samples.yaml").write_text(f"{job}---\n{job.replace('name: x', 'name: x', 1)}")
    done = demo(folder=folder)
    assert done.returncode == 0, done.stdout
    assert "CREATE Job default/x by admin: changed, and stored" in done.stdout
    assert "UPDATE Job default/x by admin: stored" in done.stdout


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("/", "no pyproject.toml with a [tool.poblano] table in / or above; go to the folder of a module"),
        ("/nowhere", "Directory '/nowhere' does not exist."),
    ],
)
def test_a_folder_without_a_module_is_told(folder: str, said: str, tmp_path: Path) -> None:
    done = demo(folder, folder=tmp_path)
    assert done.returncode in {1, 2}
    assert said in done.stderr
    assert "Traceback" not in done.stderr
