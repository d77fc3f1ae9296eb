"""What Helm prints once a chart is installed."""

from __future__ import annotations

from collections.abc import Iterator

from poblano.build.helm.templates import escaped
from poblano.build.manifests import title
from poblano.build.plan import Plan
from poblano.core.deployed import UUID_LABEL


def notes(plan: Plan) -> str:
    """``templates/NOTES.txt``."""
    return "".join(f"{line}\n" for line in _lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    names = plan.names
    yield f"T{escaped(title(plan))[1:]} is in the namespace {{{{ .Release.Namespace }}}}."
    yield ""
    yield f"  kubectl --namespace {{{{ .Release.Namespace }}}} get pods --selector {UUID_LABEL}={names.uuid}"
    if plan.admits:
        yield ""
        yield "Its webhooks let everything pass until a pod is ready; then that pod puts in the authority of its"
        yield "certificate and the failure policy that is meant. To see that it has:"
        yield ""
        kinds = "mutatingwebhookconfigurations,validatingwebhookconfigurations"
        yield f"  kubectl get {kinds} --selector {UUID_LABEL}={names.uuid} --output yaml"
    if any(one.policy == "Fail" for one in plan.entries):
        yield "{{- if and .Values.admission.enabled (eq (int .Values.admission.replicas) 1) }}"
        yield ""
        yield "WARNING: there is one admission pod for webhooks with the policy Fail: with its node, all stands still that they"
        yield "are asked about. Have two or more (admission.replicas)."
        yield "{{- end }}"
    if plan.options.certificates == "provided" and plan.admits:
        yield ""
        yield f"The certificate is yours to bring: put tls.crt, tls.key and ca.crt into the Secret {names.certificates}."
    if plan.rbac_mode == "admin":
        yield ""
        yield "WARNING: it may do everything in this cluster (rbac_mode admin). Build it with --rbac-mode scoped."
    if any(binding.phase == "finalize" for binding in plan.module.bindings):
        yield ""
        yield "Objects have finalizers of it. Before you uninstall it, have it clean up and take these off:"
        yield ""
        yield f"  poblano uninstall {names.uuid}"
