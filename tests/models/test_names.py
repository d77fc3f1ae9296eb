"""How the API's names are spelt in Python."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.core.fields import api_name
from tests.models import every
from tools.models.names import age, class_name, module_of, module_of_group, snake_case


@pytest.mark.parametrize(
    ("key", "attribute"),
    (
        ("name", "name"),
        ("hostNetwork", "host_network"),
        ("hostIPC", "host_ipc"),
        ("clusterIP", "cluster_ip"),
        ("clusterIPs", "cluster_ips"),
        ("podIPs", "pod_ips"),
        ("externalIPs", "external_ips"),
        ("podCIDRs", "pod_cidrs"),
        ("serverAddressByClientCIDRs", "server_address_by_client_cidrs"),
        ("nonResourceURLs", "non_resource_urls"),
        ("targetWWNs", "target_wwns"),
        ("seLinuxOptions", "se_linux_options"),
        ("apiVersion", "api_version"),
        ("caBundle", "ca_bundle"),
        ("awsElasticBlockStore", "aws_elastic_block_store"),
        ("azureDisk", "azure_disk"),
        ("insecureSkipTLSVerify", "insecure_skip_tls_verify"),
        ("setHostnameAsFQDN", "set_hostname_as_fqdn"),
        ("targetCPUUtilizationPercentage", "target_cpu_utilization_percentage"),
        ("fieldsV1", "fields_v1"),
        ("openAPIV3Schema", "open_api_v3_schema"),
        ("scaleIO", "scale_io"),
        ("Port", "port"),
        ("$ref", "ref"),
        ("$schema", "schema"),
        ("x-kubernetes-embedded-resource", "x_kubernetes_embedded_resource"),
        ("from", "from_"),
        ("continue", "continue_"),
        ("not", "not_"),
        ("except", "except_"),
        ("import", "import_"),
        ("of", "of_"),
        ("int", "int_"),
        ("bool", "bool_"),
        ("type", "type"),
    ),
)
def test_a_key_in_snake_case(key: str, attribute: str):
    assert snake_case(key) == attribute


@given(st.from_regex(r"[a-z]{2,6}([A-Z][a-z]{2,6}){0,3}", fullmatch=True))
def test_a_key_without_initials_is_found_again_from_its_attribute(key: str):
    assert api_name(snake_case(key)) == key


def test_an_attribute_finds_its_key_or_is_told_it():
    for cls in every.classes():
        for name, field in cls.__fields__.items():
            assert snake_case(field.key) == name, f"{cls.__name__}.{name}"


@pytest.mark.parametrize(
    ("schema", "module", "name"),
    (
        ("io.k8s.api.core.v1.Pod", "core_v1", "Pod"),
        ("io.k8s.api.rbac.v1.Role", "rbac_v1", "Role"),
        ("io.k8s.apimachinery.pkg.apis.meta.v1.Time", "meta_v1", "Time"),
        ("io.k8s.apimachinery.pkg.util.intstr.IntOrString", "meta_v1", "IntOrString"),
        ("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON", "apiextensions_v1", "JSON"),
        ("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService", "apiregistration_v1", "APIService"),
    ),
)
def test_the_place_of_a_schema(schema: str, module: str, name: str):
    assert (module_of(schema), class_name(schema)) == (module, name)


def test_a_group_and_its_schemas_have_the_same_module(kubernetes):
    for gvk in kubernetes.kinds:
        schema = kubernetes.schema_of(gvk)
        assert schema is not None
        assert module_of(schema) == module_of_group(gvk.group, gvk.version)


def test_stable_versions_are_before_beta_and_beta_before_alpha():
    ranked = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2"]
    assert sorted(ranked, key=age, reverse=True) == ranked
