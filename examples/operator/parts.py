"""What a WebApp is made of: functions from a WebApp to the objects that it wants. No cluster is needed to test them."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from kinds import WebApp

from poblano import a

PORT: Final = 8080

COLOURS: Final = {"dark": ("#1b1b1f", "#f2f2f2"), "light": ("#ffffff", "#1b1b1f")}
GREETINGS: Final = {
    "de": "Willkommen bei {name}",
    "en": "Welcome to {name}",
    "es": "Te damos la bienvenida a {name}",
}


def labels(app: WebApp) -> dict[str, str]:
    """What its objects have in common, and no other's."""
    return {"app.kubernetes.io/name": "webapp", "app.kubernetes.io/instance": app.metadata.name}


def url(app: WebApp) -> str:
    """Where it is, within the cluster."""
    return f"http://{app.metadata.name}.{app.metadata.namespace}.svc"


def page(app: WebApp) -> str:
    """The page itself."""
    back, front = COLOURS[app.spec.theme]
    greeting = GREETINGS[app.spec.language].format(name=app.metadata.name)
    return (
        f'<!doctype html><html lang="{app.spec.language}"><title>{app.metadata.name}</title>'
        f'<body style="background:{back};color:{front}"><h1>{greeting}</h1></body></html>\n'
    )


def config_map(app: WebApp) -> a.ConfigMap:
    """Holds the page."""
    return a.ConfigMap(
        metadata={"name": app.metadata.name, "labels": labels(app)},
        data={"index.html": page(app)},
    )


def deployment(app: WebApp) -> a.Deployment:
    """Serves the page. A new page makes new Pods: its checksum is part of what they are made from."""
    container = {
        "name": "web",
        "image": "nginxinc/nginx-unprivileged:1.27",
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}},
        "volumeMounts": [{"name": "page", "mountPath": "/usr/share/nginx/html", "readOnly": True}],
        "securityContext": {"allowPrivilegeEscalation": False, "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}},
    }
    checksum = sha256(page(app).encode()).hexdigest()[:16]
    return a.Deployment(
        metadata={"name": app.metadata.name, "labels": labels(app)},
        spec={
            "replicas": app.spec.replicas,
            "selector": {"matchLabels": labels(app)},
            "template": {
                "metadata": {"labels": labels(app), "annotations": {"examples.poblano.dev/page": checksum}},
                "spec": {
                    "containers": [container],
                    "volumes": [{"name": "page", "configMap": {"name": app.metadata.name}}],
                },
            },
        },
    )


def service(app: WebApp) -> a.Service:
    """Makes it reachable under its name."""
    return a.Service(
        metadata={"name": app.metadata.name, "labels": labels(app)},
        spec={
            "selector": labels(app),
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
        },
    )
