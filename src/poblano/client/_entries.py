"""The cluster and user entries of a kubeconfig, checked as client-go checks them (``clientcmd/validation.go``)."""

from __future__ import annotations

from typing import cast, get_args
from urllib.parse import urlsplit

from poblano.client._fields import Fields
from poblano.client.access import Cluster, ExecPlugin, Impersonation, InteractiveMode, Material, Oidc, User

EXEC_API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
EXEC_EXTENSION = "client.authentication.k8s.io/exec"  # client-go: clientcmd/api/types.go


def cluster(fields: Fields, name: str) -> Cluster:
    """The cluster that an entry describes."""
    authority, insecure = fields.material("certificate-authority"), fields.flag("insecure-skip-tls-verify")
    if authority and insecure:
        problem = "a certificate-authority and insecure-skip-tls-verify are both given"
        raise fields.wrong(problem, "remove insecure-skip-tls-verify")
    return Cluster(
        server=_server(fields, tls=bool(authority) or insecure),
        name=name,
        certificate_authority=authority,
        insecure_skip_tls_verify=insecure,
        tls_server_name=fields.text("tls-server-name"),
        proxy_url=_proxy(fields),
        disable_compression=fields.flag("disable-compression"),
        exec_config=_exec_config(fields),
    )


def user(fields: Fields, name: str) -> User:
    """The user that an entry describes."""
    certificate, key = _key_pair(fields)
    token, token_file, username = fields.header("token"), fields.path("tokenFile"), fields.text("username")
    if username and (token or token_file):
        raise fields.wrong("a token and a username are both given", "remove one of them")
    plugin, provider = fields.section("exec"), fields.section("auth-provider")
    if plugin and provider:
        raise fields.wrong("exec and auth-provider are both given", "remove one of them")
    return User(
        name=name,
        token=token,
        token_file=token_file,
        username=username,
        password=fields.text("password"),
        client_certificate=certificate,
        client_key=key,
        exec=_exec_plugin(plugin) if plugin else None,
        oidc=_oidc(provider) if provider else None,
        impersonate=_impersonation(fields),
    )


def _server(fields: Fields, *, tls: bool) -> str:
    server = fields.text("server").rstrip("/")
    if not server:
        raise fields.wrong("it has no server", "write server: https://HOST:PORT")
    if "://" not in server:  # client-go: rest.DefaultServerURL
        server = f"{'https' if tls else 'http'}://{server}"
    return _checked_url(fields, "server", server)


def _proxy(fields: Fields) -> str:
    proxy = fields.text("proxy-url")
    return _checked_url(fields, "proxy-url", proxy) if proxy else ""


def _checked_url(fields: Fields, key: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise fields.wrong(f"{key} is no http or https URL", f"write {key}: https://HOST:PORT")
    return url


def _exec_config(fields: Fields) -> object:
    for extension in fields.sections("extensions"):
        if extension.text("name") == EXEC_EXTENSION:
            return extension.data.get("extension")
    return None


def _key_pair(fields: Fields) -> tuple[Material | None, Material | None]:
    certificate, key = fields.material("client-certificate"), fields.material("client-key")
    if bool(certificate) != bool(key):
        there, missing = ("client-certificate", "client-key") if certificate else ("client-key", "client-certificate")
        raise fields.wrong(f"it has a {there} but no {missing}", f"add {missing} or {missing}-data")
    return certificate, key


def _exec_plugin(fields: Fields) -> ExecPlugin:
    command, version = fields.text("command"), fields.text("apiVersion")
    if not command:
        raise fields.wrong("it has no command", "name the program that prints the credential")
    if version not in EXEC_API_VERSIONS:
        raise fields.wrong(f"apiVersion is {version!r}", f"use a plugin that speaks {' or '.join(EXEC_API_VERSIONS)}")
    path = fields.path("command") if "/" in command else None
    return ExecPlugin(
        command=str(path) if path else command,
        api_version=version,
        args=fields.texts("args"),
        env={item.text("name"): item.text("value") for item in fields.sections("env")},
        install_hint=fields.text("installHint"),
        provide_cluster_info=fields.flag("provideClusterInfo"),
        interactive_mode=_interactive_mode(fields, version),
    )


def _interactive_mode(fields: Fields, version: str) -> InteractiveMode:
    mode, modes = fields.text("interactiveMode"), get_args(InteractiveMode)
    if not mode and version == EXEC_API_VERSIONS[1]:
        return "IfAvailable"
    if mode not in modes:
        raise fields.wrong(f"interactiveMode is {mode!r}", f"write one of {', '.join(modes)}")
    return cast("InteractiveMode", mode)


def _oidc(provider: Fields) -> Oidc:
    name = provider.text("name")
    if name != "oidc":  # client-go removed gcp and azure in 1.26
        raise provider.wrong(f"the auth-provider {name!r} is not known", "use an exec plugin: `user.exec`")
    config = provider.section("config") or Fields({}, provider.source, provider.entry)
    issuer, client = config.text("idp-issuer-url").rstrip("/"), config.text("client-id")
    if not issuer or not client:
        raise config.wrong("idp-issuer-url or client-id is missing", "add both")
    return Oidc(
        issuer=_checked_url(config, "idp-issuer-url", issuer),
        client_id=client,
        client_secret=config.text("client-secret"),
        id_token=config.header("id-token"),
        refresh_token=config.header("refresh-token"),
        certificate_authority=config.material("idp-certificate-authority"),
    )


def _impersonation(fields: Fields) -> Impersonation:
    extra = fields.section("as-user-extra")
    acting = Impersonation(
        user=fields.header("as"),
        groups=fields.headers("as-groups"),
        uid=fields.header("as-uid"),
        extra={key: extra.headers(key) for key in extra.data} if extra else {},
    )
    if (acting.groups or acting.uid or acting.extra) and not acting.user:
        raise fields.wrong("as-groups, as-uid or as-user-extra without as", "add as: USER")
    return acting
