"""What Go's types say and the schema does not: which optional scalars are pointers, which lists and times are always written.

Source: the types.go of each group in k8s.io/api 1.36.
"""

from __future__ import annotations

from typing import Final

_POINTERS: Final = frozenset(
    """
    activeDeadlineSeconds adminAccess allNodes allocateLoadBalancerNodePorts allowMultipleAllocations
    allowPrivilegeEscalation allowVolumeExpansion appProtocol attachRequired automountServiceAccountToken
    averageUtilization backoffLimit backoffLimitPerIndex bindsToNode blockOwnerDeletion borrowingLimitPercent
    collisionCount completionMode completions controller currentCPUUtilizationPercentage
    currentVolumeAttributesClassName defaultMode deletionGracePeriodSeconds distinctAttribute enableServiceLinks
    endPort endpointsNamespace errorCode expirationSeconds extendedResourceName failedIndexes
    failedJobsHistoryLimit failurePolicy fsGroup fsGroupChangePolicy fsGroupPolicy gmsaCredentialSpec
    gmsaCredentialSpecName holderIdentity hostProcess hostUsers hostnameOverride immutable ingressClassName
    initiatorName internalTrafficPolicy ipFamilyPolicy ipMode leaseDurationSeconds leaseTransitions lendablePercent
    loadBalancerClass localhostProfile lun managedBy manualSelector matchAttribute matchPolicy maxExpirationSeconds
    maxFailedIndexes minDomains minReplicas mode mountPropagation nodeAffinityPolicy nodeTaintsPolicy
    nominalConcurrencyShares nodeAllocatableUpdatePeriodSeconds optional optionalOldSelf parallelism
    parameterNotFoundAction partition pathType perDeviceNodeSelection podGroupName podInfoOnMount podReplacementPolicy
    preemptionPolicy preferredHolder preventPodSchedulingIfMissing priority privileged procMount
    progressDeadlineSeconds readOnlyRootFilesystem ready reclaimPolicy recursiveReadOnly recursiveReadOnlyMounts
    reinvocationPolicy replicas requiresRepublish resourceClaimName resourceClaimTemplateName revisionHistoryLimit
    runAsGroup runAsNonRoot runAsUser runAsUserName runtimeClassName seLinuxChangePolicy seLinuxMount scope
    secretNamespace selectPolicy serviceAccountTokenInSecrets serving setHostnameAsFQDN shareID
    shareProcessNamespace sideEffects stabilizationWindowSeconds started startingDeadlineSeconds stopSignal
    storageCapacity succeededCount succeededIndexes successfulJobsHistoryLimit supplementalGroupsPolicy suspend
    targetCPUUtilizationPercentage terminating terminatingReplicas terminationGracePeriodSeconds timeZone
    timeoutSeconds tolerationSeconds trafficDistribution ttlSecondsAfterFinished unhealthyPodEvictionPolicy url
    userNamespaces volumeAttributesClassName volumeBindingMode volumeMode
    """.split()  # noqa: SIM905
)
"""Fields that are pointers wherever they stand: an explicit zero stays."""

_POINTERS_THERE: Final = frozenset(
    """
    PersistentVolumeClaim.storageClassName spec.storageClassName hostPath.type csi.readOnly csi.fsType local.fsType
    containers.restartPolicy initContainers.restartPolicy dataSource.apiGroup dataSourceRef.apiGroup
    dataSourceRef.namespace parameters.apiGroup parameters.namespace resource.apiGroup conditions.ready service.path
    service.port options.value clusterTrustBundle.name clusterTrustBundle.signerName endpoints.hostname
    endpoints.nodeName endpoints.zone ports.error addresses.nodeName notReadyAddresses.nodeName devices.nodeName
    attributes.bool attributes.int attributes.string attributes.version source.persistentVolumeName
    allocatable.count onExitCodes.containerName validations.reason swap.capacity
    """.split()  # noqa: SIM905
)
"""``parent.field`` of pointers whose name is a plain field elsewhere."""

_PLAIN_THERE: Final = frozenset(
    """
    status.replicas livenessProbe.timeoutSeconds readinessProbe.timeoutSeconds startupProbe.timeoutSeconds
    awsElasticBlockStore.partition gcePersistentDisk.partition
    """.split()  # noqa: SIM905
)
"""``parent.field`` of plain fields whose name is a pointer elsewhere."""

ALWAYS_LISTS: Final = frozenset(
    {"Role.rules", "ClusterRole.rules", "EndpointSlice.endpoints", "EndpointSlice.ports", "status.currentMetrics"}
)
"""Lists without omitempty that are not required: null when there is nothing in them."""

NOT_WRITTEN: Final = frozenset({"spec.minReadySeconds"})
"""Scalars with a zero for default that are not written all the same."""

EMPTY_TIMES: Final = frozenset(
    """
    deprecatedFirstTimestamp deprecatedLastTimestamp eventTime finishedAt firstTimestamp lastHeartbeatTime
    lastObservedTime lastProbeTime lastTimestamp lastTransitionTime lastUpdateTime startedAt
    """.split()  # noqa: SIM905
)
"""Times that are no pointers: null when there is none."""

MICRO_TIMES: Final = frozenset({"acquireTime", "eventTime", "lastObservedTime", "renewTime"})
"""Times written with microseconds."""


def keeps_zero(parent: str, name: str) -> bool:
    """Whether an explicit zero of a scalar is kept.

    >>> keeps_zero("spec", "replicas"), keeps_zero("spec", "paused")
    (True, False)
    """
    where = f"{parent}.{name}"
    return where in _POINTERS_THERE or (name in _POINTERS and where not in _PLAIN_THERE)
