"""What mypy and pyright say about a file, in one spelling for both."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]

# file -> what is said about it, as "<line>: revealed <type>" and "<line>: error <code>", in the order of lines
Findings = dict[Path, list[str]]

# The files reveal what they do not use.
UNUSED = frozenset({"unused-coroutine", "unused-awaitable", "reportUnusedCoroutine", "reportUnusedExpression"})


def ask_mypy(files: Sequence[Path]) -> Findings:
    """Run mypy with the project's configuration."""
    answer = _run("mypy", "--no-pretty", "--no-error-summary", "--output=json", *map(str, files))
    messages = [json.loads(line) for line in answer.splitlines()]
    return _collect(files, ((m["file"], m["line"], *_mypy_message(m)) for m in messages))


def ask_pyright(files: Sequence[Path]) -> Findings:
    """Run pyright with the project's configuration."""
    answer = _run("pyright", "--pythonpath", sys.executable, "--outputjson", *map(str, files))
    messages = json.loads(answer)["generalDiagnostics"]
    return _collect(files, ((m["file"], m["range"]["start"]["line"] + 1, *_pyright_message(m)) for m in messages))


def mypy_spelling(revealed: str) -> str:
    """A type as mypy writes it, without modules, numbers of type variables and the `def` of a callable.

    >>> mypy_spelling("def (x: builtins.int) -> poblano.models.core_v1.Pod | None")
    '(x: int) -> Pod | None'
    >>> mypy_spelling("builtins.dict[builtins.str, T`1]")
    'dict[str, T]'
    >>> mypy_spelling("Literal['a']?")
    'str'
    """
    plain = re.sub(r"\b(?:\w+\.)+(?=\w)", "", revealed)
    plain = re.sub(r"`-?\d+", "", plain).replace("*", "").replace("def (", "(").replace("def [", "[")
    return re.sub(r"Literal\[(.+?)\]\?", _type_of_literal, plain)


def pyright_spelling(revealed: str) -> str:
    """A type as pyright writes it, without the scope of type variables and without brackets around a returned union.

    >>> pyright_spelling("(x: int) -> (Pod | None)")
    '(x: int) -> Pod | None'
    >>> pyright_spelling("CoroutineType[Any, Any, T@first]")
    'Coroutine[Any, Any, T]'
    """
    plain = re.sub(r"(?<=\w)@\w+", "", revealed).replace("CoroutineType[", "Coroutine[")
    return re.sub(r"-> \(([^()]*)\)", r"-> \1", plain)


def _type_of_literal(match: re.Match[str]) -> str:
    value = match[1]
    if value in ("True", "False"):
        return "bool"
    if value.lstrip("-").isdigit():
        return "int"
    return "bytes" if value.startswith("b") else "str"


def _mypy_message(message: Mapping[str, Any]) -> tuple[str, str] | tuple[()]:
    if message["severity"] == "error":
        return "error", str(message["code"])
    return _revealed(message["message"], r'Revealed type is "(.*)"', mypy_spelling)


def _pyright_message(message: Mapping[str, Any]) -> tuple[str, str] | tuple[()]:
    if message["severity"] != "information":
        return "error", str(message.get("rule", message["message"]))
    return _revealed(message["message"], r'Type of ".*" is "(.*)"', pyright_spelling)


def _revealed(message: str, pattern: str, spelling: Callable[[str], str]) -> tuple[str, str] | tuple[()]:
    match = re.fullmatch(pattern, message, re.DOTALL)
    return ("revealed", spelling(match[1])) if match else ()


def _collect(files: Sequence[Path], messages: Iterable[tuple[Any, ...]]) -> Findings:
    found: defaultdict[Path, dict[int, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for file, line, *rest in messages:
        if rest and rest[1] not in UNUSED:
            kind, text = rest
            found[(ROOT / file).resolve()][line][f"{kind} {text}"] = None
    return {file: [*_lines(found[file])] for file in {*files, *found}}


def _lines(said: Mapping[int, Iterable[str]]) -> Iterator[str]:
    for line, texts in sorted(said.items()):
        # That the type of a wrong expression is unknown is no second error.
        errors = [text for text in texts if text.startswith("error ") and "reportUnknown" not in text]
        yield from (f"{line}: {text}" for text in texts if not errors or "error reportUnknown" not in text)


def _run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        # The variable keeps pyright from asking whether there is a newer one.
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    # Both exit with 1 when they have found errors, and with more when they could not work.
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{command[0]} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
