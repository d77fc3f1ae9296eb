"""The files of a new project, made from the templates in ``template/``.

What was made is recorded in the project, with a hash of each file, so that `poblano update` can tell a file that its owner has
changed from one that is still as it was made.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, Final, cast

from poblano import __version__
from poblano.core.binding import OnError
from poblano.core.errors import InvalidSettings

RECORD: Final = ".poblano-template.json"
"""Of a project: what it was made of."""

SETTINGS: Final = "pyproject.toml"

TEMPLATES: Final = {
    ".github/workflows/checks.yaml": "checks.yaml",
    ".gitignore": "gitignore",
    ".vscode/extensions.json": "extensions.json",
    ".vscode/poblano.code-snippets": "poblano.code-snippets",
    ".vscode/settings.json": "settings.json",
    "README.md": "README.md",
    "{package}/__init__.py": "module.py",
    "{package}/house_rules.py": "house_rules.py",
    "house_rules.samples.yaml": "house_rules.samples.yaml",
    SETTINGS: "pyproject.toml",
    "tests/test_house_rules.py": "test_house_rules.py",
}
"""The path of each file in a project, and the template that it is made from."""


class _Template(Template):
    """With a mark that neither Python, YAML, JSON nor a snippet has."""

    delimiter = "@@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is asked about a new project.

    Args:
        name: of its folder, and of what pip calls it.
        description: in a sentence.
        on_error: what a rule that fails means.
        uuid: what everything in a cluster is named after.
    """

    name: str
    description: str
    on_error: OnError
    uuid: str

    @property
    def package(self) -> str:
        """The package that its code is in.

        >>> Answers(name="shop-rules", description="", on_error="reject", uuid="shop").package
        'shop_rules'
        """
        return self.name.replace("-", "_")


def project(answers: Answers) -> dict[str, str]:
    """The files of a project, by their paths in its folder; without its record."""
    values = {
        **asdict(answers),
        "package": answers.package,
        # What JSON escapes, TOML does; it must not be read as a surrogate there.
        "quoted_description": json.dumps(answers.description, ensure_ascii=False).replace("\x7f", "\\u007f"),
        "poblano": __version__,
    }
    templates = files("poblano.cli") / "template"
    return {
        path.format(package=answers.package): _Template(
            (templates / f"{name}.template").read_text(encoding="utf-8")
        ).substitute(values)
        for path, name in TEMPLATES.items()
    }


@dataclass(frozen=True, slots=True)
class Record:
    """What a project was made of, or brought up to.

    Args:
        answers: that were given.
        hashes: of the files as they were made, by their paths.
    """

    answers: Answers
    hashes: dict[str, str]

    @classmethod
    def of(cls, answers: Answers, made: dict[str, str]) -> Record:
        """The record of files that were made."""
        return cls(answers, {path: hash_of(text) for path, text in made.items()})

    @classmethod
    def read(cls, folder: Path) -> Record | None:
        """That of a project; None when it has none.

        Raises:
            InvalidSettings: it is damaged.
        """
        file = folder / RECORD
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
            texts: dict[str, Any] = {key: str(document["answers"][key]) for key in Answers.__dataclass_fields__}
            hashes = {str(path): str(value) for path, value in cast("dict[str, Any]", document["files"]).items()}
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InvalidSettings(
                f"{file} is damaged; take it from your version control, or delete it: then no file is brought up to date"
            ) from None
        return cls(Answers(**texts), hashes)

    def text(self) -> str:
        """As it is written."""
        about = "Made by poblano init, for poblano update, which leaves alone what you have changed since. Keep it."
        document = {"about": about, "answers": asdict(self.answers), "files": dict(sorted(self.hashes.items()))}
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def hash_of(text: str) -> str:
    """What tells one text of a file from another."""
    return sha256(text.encode()).hexdigest()
