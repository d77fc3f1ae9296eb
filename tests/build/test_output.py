"""What is written into a folder: all or nothing, and nothing of anybody else's is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from poblano.build.output import RECORD, put
from poblano.core.errors import InvalidSettings


def found(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != RECORD
    }


def test_files_come_into_a_folder_that_is_not_there_yet(tmp_path: Path):
    put(tmp_path / "a" / "dist", {"one.yaml": "1", "chart/two.yaml": "2"})

    assert found(tmp_path / "a" / "dist") == {"one.yaml": "1", "chart/two.yaml": "2"}
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["dist"]


def test_the_next_build_takes_the_place_of_what_the_last_one_wrote(tmp_path: Path):
    put(tmp_path / "dist", {"zarf.yaml": "1", "chart/old.yaml": "1", "chart/both.yaml": "1"})
    put(tmp_path / "dist", {"chart/both.yaml": "2"})

    assert found(tmp_path / "dist") == {"chart/both.yaml": "2"}


def test_what_others_have_in_the_folder_stays(tmp_path: Path):
    put(tmp_path, {"one.yaml": "1"})
    (tmp_path / "hello-0.1.0.whl").write_text("wheel")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "x").write_text("y")
    put(tmp_path, {"two.yaml": "2"})

    assert found(tmp_path) == {"two.yaml": "2", "hello-0.1.0.whl": "wheel", "notes/x": "y"}


@pytest.mark.parametrize("link", [False, True])
def test_what_no_build_wrote_is_not_overwritten(tmp_path: Path, link: bool):
    target = tmp_path / "dist" / "kustomize"
    target.parent.mkdir()
    if link:
        target.symlink_to(tmp_path / "elsewhere")
    else:
        target.mkdir()
        (target / "mine.yaml").write_text("mine")

    with pytest.raises(InvalidSettings, match="kustomize was not written by a build; move it away"):
        put(tmp_path / "dist", {"kustomize/kustomization.yaml": "1", "a.yaml": "1"})
    assert not (tmp_path / "dist" / "a.yaml").exists()


def test_a_failure_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    put(tmp_path / "dist", {"a.yaml": "1", "b.yaml": "1", "gone.yaml": "1"})
    rename = Path.rename
    moves: list[Path] = []

    def failing(self: Path, target: Path) -> Path:
        if self.parent.name == "new":
            moves.append(target)
            if len(moves) == 3:
                raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(InvalidSettings, match="No space left on device; choose another folder"):
        put(tmp_path / "dist", {"a.yaml": "2", "b.yaml": "2", "c.yaml": "2"})

    assert len(moves) == 3
    assert found(tmp_path / "dist") == {"a.yaml": "1", "b.yaml": "1", "gone.yaml": "1"}
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


def test_a_file_is_no_folder(tmp_path: Path):
    (tmp_path / "dist").write_text("mine")

    with pytest.raises(InvalidSettings, match="dist is a file"):
        put(tmp_path / "dist", {"a.yaml": "1"})
    assert (tmp_path / "dist").read_text() == "mine"


def test_a_record_that_somebody_wrote_takes_nothing_from_outside(tmp_path: Path):
    (tmp_path / "precious").write_text("1")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / RECORD).write_text("../precious\n..\n/\n.\n")
    put(tmp_path / "dist", {"a.yaml": "1"})

    assert (tmp_path / "precious").read_text() == "1"
    assert found(tmp_path / "dist") == {"a.yaml": "1"}
