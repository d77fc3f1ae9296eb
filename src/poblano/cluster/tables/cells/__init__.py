"""Who fills the cells of which kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from poblano.cluster.tables.cells import autoscaling, core, governing, network, pods, storage, workloads
from poblano.cluster.tables.cells.fields import Printer

PRINTERS: Final[Mapping[tuple[str, str], Printer]] = {
    ("", "componentstatuses"): core.component_status,
    ("", "configmaps"): core.config_map,
    ("", "endpoints"): network.endpoints,
    ("", "events"): core.event,
    ("", "namespaces"): core.namespace,
    ("", "nodes"): core.node,
    ("", "persistentvolumeclaims"): storage.persistent_volume_claim,
    ("", "persistentvolumes"): storage.persistent_volume,
    ("", "pods"): pods.pod,
    ("", "podtemplates"): workloads.pod_template,
    ("", "replicationcontrollers"): workloads.replication_controller,
    ("", "resourcequotas"): core.resource_quota,
    ("", "secrets"): core.secret,
    ("", "serviceaccounts"): core.named,
    ("", "services"): network.service,
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies"): governing.admission_policy,
    ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings"): governing.admission_policy_binding,
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"): governing.webhook_configuration,
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"): governing.admission_policy,
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"): governing.admission_policy_binding,
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"): governing.webhook_configuration,
    ("apiregistration.k8s.io", "apiservices"): governing.api_service,
    ("apps", "controllerrevisions"): workloads.controller_revision,
    ("apps", "daemonsets"): workloads.daemon_set,
    ("apps", "deployments"): workloads.deployment,
    ("apps", "replicasets"): workloads.replica_set,
    ("apps", "statefulsets"): workloads.stateful_set,
    ("autoscaling", "horizontalpodautoscalers"): autoscaling.horizontal_pod_autoscaler,
    ("batch", "cronjobs"): workloads.cron_job,
    ("batch", "jobs"): workloads.job,
    ("certificates.k8s.io", "certificatesigningrequests"): governing.certificate_signing_request,
    ("coordination.k8s.io", "leases"): governing.lease,
    ("discovery.k8s.io", "endpointslices"): network.endpoint_slice,
    ("events.k8s.io", "events"): core.event,
    ("flowcontrol.apiserver.k8s.io", "flowschemas"): governing.flow_schema,
    ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"): governing.priority_level,
    ("networking.k8s.io", "ingressclasses"): network.ingress_class,
    ("networking.k8s.io", "ingresses"): network.ingress,
    ("networking.k8s.io", "ipaddresses"): network.ip_address,
    ("networking.k8s.io", "networkpolicies"): network.network_policy,
    ("networking.k8s.io", "servicecidrs"): network.service_cidr,
    ("node.k8s.io", "runtimeclasses"): governing.runtime_class,
    ("policy", "poddisruptionbudgets"): governing.pod_disruption_budget,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): governing.role_binding,
    ("rbac.authorization.k8s.io", "rolebindings"): governing.role_binding,
    ("resource.k8s.io", "deviceclasses"): core.named,
    ("resource.k8s.io", "resourceclaims"): governing.resource_claim,
    ("resource.k8s.io", "resourceclaimtemplates"): core.named,
    ("resource.k8s.io", "resourceslices"): governing.resource_slice,
    ("scheduling.k8s.io", "priorityclasses"): governing.priority_class,
    ("storage.k8s.io", "csidrivers"): storage.csi_driver,
    ("storage.k8s.io", "csinodes"): storage.csi_node,
    ("storage.k8s.io", "storageclasses"): storage.storage_class,
    ("storage.k8s.io", "volumeattachments"): storage.volume_attachment,
    ("storage.k8s.io", "volumeattributesclasses"): storage.volume_attributes_class,
}
"""By group and plural; what is not here has the generic table of Name and Created At."""
