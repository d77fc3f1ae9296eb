from __future__ import annotations

import base64

import pytest

from poblano.client.access import ExecPlugin, Impersonation, Material, Oidc
from poblano.client.errors import InvalidKubeconfig
from poblano.client.kubeconfig import find_access

V1 = "apiVersion: client.authentication.k8s.io/v1"


def test_all_of_a_cluster_is_read(kubeconfig, tmp_path):
    path = kubeconfig(
        cluster="{server: 'https://host:6443/k8s/clusters/c-1/', certificate-authority: pki/ca.crt, tls-server-name: kubernetes,"
        " proxy-url: 'http://jane:secret@proxy:3128', disable-compression: true, extensions:"
        " [{name: other, extension: 1}, {name: client.authentication.k8s.io/exec, extension: {audience: x}}]}"
    )

    cluster = find_access(path).cluster

    assert cluster.server == "https://host:6443/k8s/clusters/c-1"
    assert cluster.certificate_authority == Material(path=tmp_path / "pki" / "ca.crt")
    assert cluster.tls_server_name == "kubernetes"
    assert cluster.proxy_url == "http://jane:secret@proxy:3128"
    assert cluster.disable_compression
    assert cluster.exec_config == {"audience": "x"}


@pytest.mark.parametrize(
    ("cluster", "server"),
    (
        ("{server: 'host:8080'}", "http://host:8080"),
        ("{server: 'host:6443', insecure-skip-tls-verify: true}", "https://host:6443"),
        ("{server: 'host:6443', certificate-authority-data: QQ==}", "https://host:6443"),
    ),
)
def test_a_server_without_a_scheme_gets_the_one_kubectl_gives_it(kubeconfig, cluster: str, server: str):
    assert find_access(kubeconfig(cluster=cluster)).cluster.server == server


def test_data_is_decoded_even_when_it_is_folded(kubeconfig):
    data = base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode()
    path = kubeconfig(cluster=f"{{server: 'https://h', certificate-authority-data: '{data[:8]}\n\n    {data[8:]}'}}")

    authority = find_access(path).cluster.certificate_authority

    assert authority == Material(data=b"-----BEGIN CERTIFICATE-----")


def test_all_of_a_user_is_read(kubeconfig, tmp_path):
    path = kubeconfig(
        "{username: jane, password: secret, client-certificate: /pki/c.crt, client-key: c.key, as: joe,"
        " as-uid: '7', as-groups: [devs, ops], as-user-extra: {scopes: [a, b]}}"
    )

    user = find_access(path).user

    assert (user.username, user.password) == ("jane", "secret")
    assert user.client_certificate is not None
    assert str(user.client_certificate.path) == "/pki/c.crt"
    assert user.client_key == Material(path=tmp_path / "c.key")
    assert user.impersonate == Impersonation("joe", ("devs", "ops"), "7", {"scopes": ("a", "b")})


def test_an_exec_plugin_is_read(kubeconfig, tmp_path):
    path = kubeconfig(
        f"{{exec: {{{V1}, command: ./login, args: [--quiet], env: [{{name: A, value: b}}], installHint: get it,"
        " provideClusterInfo: true, interactiveMode: Never}}"
    )

    assert find_access(path).user.exec == ExecPlugin(
        command=str(tmp_path / "login"),
        api_version="client.authentication.k8s.io/v1",
        args=("--quiet",),
        env={"A": "b"},
        install_hint="get it",
        provide_cluster_info=True,
        interactive_mode="Never",
    )


def test_a_plugin_without_a_slash_is_looked_for_on_the_path(kubeconfig):
    path = kubeconfig("{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws}}")

    plugin = find_access(path).user.exec

    assert plugin is not None
    assert (plugin.command, plugin.interactive_mode) == ("aws", "IfAvailable")


def test_an_openid_login_is_read_and_its_date_stays_text(kubeconfig):
    path = kubeconfig(
        "{auth-provider: {name: oidc, config: {idp-issuer-url: 'https://idp/', client-id: k, client-secret: s,"
        " id-token: i, refresh-token: r, expiry: 2020-01-01T00:00:00Z}}}"
    )

    assert find_access(path).user.oidc == Oidc("https://idp", "k", "s", "i", "r")


@pytest.mark.parametrize(
    ("cluster", "message"),
    (
        ("{}", "it has no server; write server: https://HOST:PORT"),
        ("{server: 'ftp://host'}", "server is no http or https URL"),
        ("{server: 'https://[::1'}", "server is no http or https URL"),
        ("{server: 'https://host:99999'}", "server is no http or https URL"),
        ("{server: 'https://h', proxy-url: 'socks5://p'}", "proxy-url is no http or https URL"),
        ("{server: 'https://h', certificate-authority: a, certificate-authority-data: QQ==}", "are both given"),
        ("{server: 'https://h', certificate-authority: a, insecure-skip-tls-verify: true}", "are both given"),
        ("{server: 'https://h', certificate-authority-data: '%'}", "certificate-authority-data is not base64"),
        ("{server: 'https://h', insecure-skip-tls-verify: 'yes'}", "is text where true or false belongs"),
    ),
)
def test_a_wrong_cluster_says_what_is_wrong(kubeconfig, cluster: str, message: str):
    path = kubeconfig(cluster=cluster)

    with pytest.raises(InvalidKubeconfig, match=message) as caught:
        find_access(path)

    assert (caught.value.source, caught.value.entry) == (str(path), "cluster 'here'")


@pytest.mark.parametrize(
    ("user", "message"),
    (
        ("{token: 12345}", "token is a number where text belongs; write it in quotes"),
        (r'{token: "secret\nsecret"}', "token holds a control character"),
        ("{token: secret, username: jane}", "a token and a username are both given"),
        ("{client-certificate-data: QQ==}", "it has a client-certificate but no client-key"),
        ("{client-key: secret}", "it has a client-key but no client-certificate"),
        ("{as-groups: [devs]}", "without as; add as: USER"),
        ("{as: joe, as-groups: [1]}", "as-groups has an item that is not text"),
        ("{as: joe, as-user-extra: [1]}", "as-user-extra is a list where a mapping belongs"),
        ("{auth-provider: {name: gcp}}", "the auth-provider 'gcp' is not known; use an exec plugin"),
        ("{auth-provider: {name: oidc}}", "idp-issuer-url or client-id is missing"),
        (f"{{exec: {{{V1}}}}}", "exec: it has no command"),
        (f"{{exec: {{{V1}, command: a}}}}", "interactiveMode is ''; write one of Never, IfAvailable, Always"),
        ("{exec: {command: a, apiVersion: client.authentication.k8s.io/v1alpha1}}", "use a plugin that speaks"),
        (f"{{exec: {{{V1}, command: a, interactiveMode: Never}}, auth-provider: {{name: oidc}}}}", "are both given"),
    ),
)
def test_a_wrong_user_says_what_is_wrong_and_never_the_value(kubeconfig, user: str, message: str):
    with pytest.raises(InvalidKubeconfig, match=message) as caught:
        find_access(kubeconfig(user))

    assert caught.value.entry.startswith("user 'jane'")
    assert "secret" not in str(caught.value)
    assert "12345" not in str(caught.value)
