from __future__ import annotations

from typing import Any

from tests.cluster.controllers.world import World

POD = {
    "containers": [{"name": "main", "image": "nginx"}],
    "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
}


def claim(**more: Any) -> dict[str, Any]:
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **more}


async def test_a_claim_is_bound_to_a_volume_that_goes_with_it(here: World) -> None:
    await here.create("persistentvolumeclaims", "data", spec=claim())
    bound = await here.until_phase("persistentvolumeclaims", "data", "Bound")
    assert bound["status"]["capacity"] == {"storage": "1Gi"}
    volume = bound["spec"]["volumeName"]
    await here.until_phase("persistentvolumes", volume, "Bound")
    await here.delete("persistentvolumeclaims", "data")
    await here.until_gone("persistentvolumeclaims", "data")
    await here.until_gone("persistentvolumes", volume)


async def test_a_claim_that_a_pod_uses_stays_until_the_pod_is_gone(here: World) -> None:
    await here.create("persistentvolumeclaims", "data", spec=claim())
    await here.create("pods", "a", spec=POD)
    await here.until_phase("pods", "a", "Running")
    await here.delete("persistentvolumeclaims", "data")
    await here.rest()
    assert await here.get("persistentvolumeclaims", "data") is not None
    await here.delete("pods", "a")
    await here.until_gone("persistentvolumeclaims", "data")


async def test_a_pod_waits_for_its_claim(here: World) -> None:
    await here.create("pods", "a", spec=POD)
    await here.rest()
    assert (await here.until_phase("pods", "a", "Pending"))["spec"].get("nodeName") is None
    await here.create("persistentvolumeclaims", "data", spec=claim())
    await here.until_phase("pods", "a", "Running")


async def test_a_claim_may_wait_for_the_first_pod_that_uses_it(here: World) -> None:
    parts = {"provisioner": "example.com/disk", "volumeBindingMode": "WaitForFirstConsumer"}
    await here.create("storageclasses", "lazy", **parts)
    await here.create("persistentvolumeclaims", "data", spec=claim(storageClassName="lazy"))
    await here.rest()
    await here.until_phase("persistentvolumeclaims", "data", "Pending")
    await here.create("pods", "a", spec=POD)
    await here.until_phase("pods", "a", "Running")
    await here.until_phase("persistentvolumeclaims", "data", "Bound")


async def test_a_volume_that_is_there_is_taken_if_it_fits_and_kept_after_its_claim(here: World) -> None:
    await here.create("persistentvolumeclaims", "data", spec=claim(storageClassName=""))
    await here.rest()
    await here.until_phase("persistentvolumeclaims", "data", "Pending")
    for name, size in (("small", "1Mi"), ("large", "5Gi"), ("fitting", "2Gi")):
        spec = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "hostPath": {"path": "/x"}}
        await here.create("persistentvolumes", name, spec=spec | {"persistentVolumeReclaimPolicy": "Retain"})
    bound = await here.until_phase("persistentvolumeclaims", "data", "Bound")
    volume = bound["spec"]["volumeName"]
    assert volume in ("fitting", "large")
    await here.delete("persistentvolumeclaims", "data")
    await here.until_phase("persistentvolumes", volume, "Released")
