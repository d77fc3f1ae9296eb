"""The Secret with which nodes pull an image, as ``kubectl create secret docker-registry`` makes it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import click
import orjson

from poblano.core.deployed import UUID_LABEL
from poblano.core.jsonvalue import Document


@dataclass(frozen=True, slots=True)
class Registry:
    """Who may pull from where.

    Args:
        name: of the Secret.
        server, username, email: of the registry's account.
        password: never shown.
    """

    name: str
    server: str
    username: str
    email: str
    password: str = field(repr=False)

    def secret(self, namespace: str, uuid: str) -> Document:
        """The Secret."""
        auth = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        login = {"username": self.username, "password": self.password, "email": self.email, "auth": auth}
        config = orjson.dumps({"auths": {self.server: login}})
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self.name, "namespace": namespace, "labels": {UUID_LABEL: uuid}},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": base64.b64encode(config).decode()},
        }


def registry(
    name: str | None, server: str | None, username: str | None, email: str, password: str | None
) -> Registry | None:
    """What the options say; None where the Secret is there already, or none is needed.

    Raises:
        click.UsageError: they do not go together.
    """
    given = {"--docker-server": server, "--docker-username": username, "--docker-email": email}
    said = [option for option, value in given.items() if value]
    if not said:
        return None
    if not name:
        raise click.UsageError(f"{said[0]} is of a Secret that is to be made: name it with --pull-secret")
    if not server or not username:
        missing = "--docker-username" if server else "--docker-server"
        raise click.UsageError(f"{missing} is missing: the Secret {name} is made of server, user and password")
    password = password or click.prompt(f"Password of {username} at {server}", hide_input=True)
    return Registry(name, server, username, email, password)
