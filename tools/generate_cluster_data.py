"""Write src/poblano/cluster/data: what the embedded cluster knows of the built-in kinds.

usage: generate_cluster_data.py [--shared FOLDER] [--check]

From recordings of a real API server: its OpenAPI v3 documents, its discovery, and the columns its tables have. With --check
nothing is written; exit status 1 when what is there is not what would be written.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "poblano" / "cluster" / "data"
ORDER = ("group", "version", "plural", "singular", "kind", "namespaced", "verbs")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    recordings = arguments.shared / "kubernetes-1.36"
    if not recordings.is_dir():
        print(f"cannot run here: no recordings at {recordings}")
        return 0 if arguments.check else 2
    wanted = contents(recordings, arguments.shared / "conformance" / "kubernetes-1.36" / "discovery.json")
    if arguments.check:
        stale = [name for name, content in wanted.items() if not _same(DATA / name, content)]
        for name in stale:
            print(f"{name} is not what its sources give: run tools/generate_cluster_data.py")
        return 1 if stale else 0
    for name, content in wanted.items():
        path = DATA / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_packed(content) if name.endswith(".gz") else content)
    return 0


def contents(recordings: Path, discovery: Path) -> dict[str, bytes]:
    """What each file is to hold, unpacked."""
    documents = {
        path.name.removesuffix(".json.gz"): _unpacked(path)
        for path in sorted((recordings / "openapi-v3").glob("*.json.gz"))
    }
    steps = json.loads(discovery.read_text())["steps"]
    listed = [item for step in (10, 9) for item in steps[step]["response"]["body"]["items"]]
    kinds = _definitions_of_kinds(documents)
    found = {
        "definitions.json.gz": _dumped(_definitions(documents)),
        "resources.json": _lines([entry for group in listed for entry in _resources(group, kinds)]),
        "columns.json.gz": _dumped(json.loads((recordings / "tables.json").read_text())),
    }
    return found | {f"openapi-v3/{name}.json.gz": _dumped(document) for name, document in documents.items()}


def _definitions(documents: dict[str, Any]) -> dict[str, Any]:
    """Every schema of every document, without the texts."""
    return {
        name: _without_texts(schema)
        for document in documents.values()
        for name, schema in document.get("components", {}).get("schemas", {}).items()
    }


def _without_texts(node: Any) -> Any:
    """The schema without descriptions; a property may be called "description", and stays."""
    if isinstance(node, list):
        return [_without_texts(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _without_texts(value) for key, value in node.items() if key not in ("description", "properties")}
    if "properties" in node:
        kept["properties"] = {name: _without_texts(value) for name, value in node["properties"].items()}
    return kept


def _definitions_of_kinds(documents: dict[str, Any]) -> dict[tuple[str, str, str], str]:
    """The name of the schema of each kind."""
    found: dict[tuple[str, str, str], str] = {}
    for document in documents.values():
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            kinds = schema.get("x-kubernetes-group-version-kind", [])
            if len(kinds) == 1:
                found[kinds[0]["group"], kinds[0]["version"], kinds[0]["kind"]] = name
    return found


def _resources(group: dict[str, Any], kinds: dict[tuple[str, str, str], str]) -> list[dict[str, Any]]:
    """The entries of one group of the aggregated discovery."""
    name = group["metadata"].get("name", "")
    return [
        _resource(name, version["version"], listed, kinds)
        for version in group["versions"]
        for listed in version["resources"]
    ]


def _resource(
    group: str, version: str, listed: dict[str, Any], kinds: dict[tuple[str, str, str], str]
) -> dict[str, Any]:
    kind = listed["responseKind"]["kind"]
    entry: dict[str, Any] = {
        "group": group,
        "version": version,
        "plural": listed["resource"],
        "singular": listed["singularResource"],
        "kind": kind,
        "namespaced": listed["scope"] == "Namespaced",
        "verbs": listed["verbs"],
        "short_names": listed.get("shortNames", []),
        "categories": listed.get("categories", []),
        "definition": kinds.get((group, version, kind), ""),
        "subresources": [_subresource(group, version, one, kinds) for one in listed.get("subresources", [])],
    }
    return entry


def _subresource(
    group: str, version: str, listed: dict[str, Any], kinds: dict[tuple[str, str, str], str]
) -> dict[str, Any]:
    answer = listed["responseKind"]
    key = (answer["group"] or (group if not answer["version"] else ""), answer["version"] or version, answer["kind"])
    return {
        "name": listed["subresource"],
        "group": key[0],
        "version": key[1],
        "kind": key[2],
        "verbs": listed["verbs"],
        "definition": kinds.get(key, ""),
    }


def _unpacked(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _same(path: Path, content: bytes) -> bool:
    """Compared unpacked: another zlib packs the same bytes otherwise."""
    if not path.exists():
        return False
    there = path.read_bytes()
    return (gzip.decompress(there) if path.suffix == ".gz" else there) == content


def _dumped(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _lines(entries: list[dict[str, Any]]) -> bytes:
    """One entry a line, to be read in a diff."""
    return ("[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + "\n]\n").encode()


if __name__ == "__main__":
    sys.exit(main())
