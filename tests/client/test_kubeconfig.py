from __future__ import annotations

from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.client._fields import Fields
from poblano.client.errors import InvalidKubeconfig
from poblano.client.kubeconfig import Kubeconfig, find_access

names = st.sampled_from(["a", "b", "c"])
entries = st.dictionaries(names, st.integers().map(lambda n: Fields({"server": str(n)}, Path("f"))))
configs = st.builds(
    Kubeconfig,
    current_context=names | st.just(""),
    contexts=entries,
    clusters=entries,
    users=entries,
    sources=st.lists(names).map(tuple),
)


@given(configs, configs, configs)
def test_merging_is_associative(one: Kubeconfig, two: Kubeconfig, three: Kubeconfig):
    assert one.merged(two).merged(three) == one.merged(two.merged(three))


@given(configs)
def test_an_empty_file_changes_nothing(config: Kubeconfig):
    assert Kubeconfig().merged(config) == config == config.merged(Kubeconfig())


@given(st.lists(configs, min_size=1))
def test_the_first_file_to_name_an_entry_wins_it_whole(files: list[Kubeconfig]):
    merged = reduce(Kubeconfig.merged, files)

    for name, entry in merged.users.items():
        assert entry == next(file.users[name] for file in files if name in file.users)
    assert merged.current_context == next((f.current_context for f in files if f.current_context), "")
    assert set(merged.clusters) == {name for file in files for name in file.clusters}


def test_a_context_says_where_as_whom_and_in_which_namespace(kubeconfig):
    path = kubeconfig("{token: abc}", context=", namespace: shop")

    access = Kubeconfig.load(path).access()

    assert access.cluster.server == "https://host:6443"
    assert access.user.token == "abc"
    assert (access.namespace, access.context, access.source) == ("shop", "dev", str(path))


def test_files_of_the_list_are_merged_and_missing_ones_passed_over(tmp_path: Path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("current-context: dev\nclusters: [{name: here, cluster: {server: 'https://one'}}]")
    two.write_text(
        "current-context: other\n"
        "contexts: [{name: dev, context: {cluster: here, user: jane}}]\n"
        "clusters: [{name: here, cluster: {server: 'https://two', tls-server-name: x}}]\n"
        "users: [{name: jane, user: {token: abc}}]"
    )
    listed = f"{one}::{tmp_path / 'missing'}:{two}:{one}"

    access = find_access(environ={"KUBECONFIG": listed}, home=tmp_path)

    assert access.cluster.server == "https://one"
    assert access.cluster.tls_server_name == ""
    assert access.user.token == "abc"


def test_a_named_file_stands_alone(kubeconfig, tmp_path: Path):
    named = kubeconfig("{token: named}")

    assert find_access(named, environ={"KUBECONFIG": str(tmp_path / "other")}).user.token == "named"


def test_a_named_file_must_be_there(tmp_path: Path):
    with pytest.raises(InvalidKubeconfig, match="missing: it cannot be read: No such file"):
        find_access(tmp_path / "missing", environ={})


def test_without_anything_else_the_home_folder_counts(kubeconfig, tmp_path: Path):
    (tmp_path / ".kube").mkdir()
    kubeconfig("{token: home}").rename(tmp_path / ".kube" / "config")

    assert find_access(environ={}, home=tmp_path).user.token == "home"


def test_a_pod_needs_no_kubeconfig(tmp_path: Path):
    (tmp_path / "token").write_text("abc")
    (tmp_path / "ca.crt").write_text("PEM")
    (tmp_path / "namespace").write_text("poblano-system\n")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}

    access = find_access(environ=environ, home=tmp_path, service_account=tmp_path)

    assert access.cluster.server == "https://[fd00::1]:443"
    assert access.user.token_file == tmp_path / "token"
    assert access.namespace == "poblano-system"
    assert access.cluster.certificate_authority is not None
    assert access.cluster.certificate_authority.path == tmp_path / "ca.crt"


def test_nothing_at_all_says_what_was_looked_for(tmp_path: Path):
    with pytest.raises(InvalidKubeconfig, match=r"\.kube/config: there is no kubeconfig.*--kubeconfig FILE"):
        find_access(environ={}, home=tmp_path, service_account=tmp_path)


def test_an_unknown_context_lists_those_there_are(kubeconfig):
    with pytest.raises(InvalidKubeconfig, match="there is no context 'prod'; there are: dev"):
        find_access(kubeconfig(), "prod")


def test_no_current_context_lists_those_there_are(tmp_path: Path):
    path = tmp_path / "config"
    path.write_text("contexts: [{name: dev, context: {cluster: here}}]")

    with pytest.raises(InvalidKubeconfig, match="no current-context is set; name one with --context: dev"):
        find_access(path)


@pytest.mark.parametrize("missing", ("cluster", "user"))
def test_a_context_that_points_nowhere_is_named(tmp_path: Path, missing: str):
    path = tmp_path / "config"
    fields = {"cluster": "here", "user": "jane", missing: "gone"}
    path.write_text(
        f"current-context: dev\ncontexts: [{{name: dev, context: {{cluster: {fields['cluster']}, user: {fields['user']}}}}}]\n"
        "clusters: [{name: here, cluster: {server: 'https://h'}}]\nusers: [{name: jane, user: {}}]"
    )

    with pytest.raises(InvalidKubeconfig, match=f"context 'dev': there is no {missing} 'gone'"):
        find_access(path)


def test_a_mistake_in_another_context_does_no_harm(kubeconfig):
    path = kubeconfig("{token: abc}")
    path.write_text(path.read_text() + "- name: broken\n  user: {token: 7}\n")

    assert find_access(path).user.token == "abc"


def test_two_entries_of_one_name_are_refused(kubeconfig):
    path = kubeconfig()
    path.write_text(path.read_text() + "- name: jane\n  user: {}\n")

    with pytest.raises(InvalidKubeconfig, match="users has two entries named 'jane'"):
        find_access(path)


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("a: b: c", "line 1: it is not YAML"),
        ("\0", "it is not YAML"),
        ("- a", "it is no mapping"),
        ("", "no current-context is set"),
        ("contexts: {}", "contexts is a mapping where a list belongs"),
        ("contexts: [7]", r"contexts\[0\] is a number where a mapping belongs"),
        (
            "contexts: [{name: dev, context: []}]",
            r"contexts\[0\]: context is a list where a mapping belongs|context is a list",
        ),
        ("current-context: 7", "current-context is a number where text belongs"),
    ),
)
def test_a_file_that_is_no_kubeconfig_is_explained(tmp_path: Path, text: str, message: str):
    path = tmp_path / "config"
    path.write_text(text)

    with pytest.raises(InvalidKubeconfig, match=message) as caught:
        find_access(path)

    assert str(path) in str(caught.value)


def test_a_home_folder_that_may_not_be_entered_is_no_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(InvalidKubeconfig, match="there is no kubeconfig"):
        find_access(environ={}, home=tmp_path)
    with pytest.raises(InvalidKubeconfig, match="it cannot be read"):
        find_access(environ={"KUBECONFIG": str(tmp_path / "secret")})


def test_a_user_without_a_home_is_no_error_of_its_own(monkeypatch: pytest.MonkeyPatch):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(InvalidKubeconfig, match="there is no kubeconfig"):
        find_access(environ={})


@given(st.binary(max_size=200))
def test_any_file_is_a_kubeconfig_or_explained(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    path = tmp_path_factory.getbasetemp() / "any-kubeconfig"
    path.write_bytes(content)

    with pytest.raises(InvalidKubeconfig):
        find_access(path)
