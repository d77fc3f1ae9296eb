"""Settings: what is read, and how mistakes are told."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from textwrap import dedent

import pytest

from poblano.core.errors import InvalidSettings
from poblano.settings import (
    Accepted,
    AdditionalWebhook,
    AlwaysIgnore,
    CustomLabels,
    Part,
    Settings,
    Watches,
    find_project,
    load_settings,
    put_environment,
)

LEAST = '[tool.poblano]\nuuid = "shop"\nmodule = "shop:module"\n'

EVERYTHING = """
[tool.poblano]
uuid = "shop"
module = "shop.rules:module"
description = "House rules"
on_error = "audit"
webhook_timeout = 7
rbac_mode = "admin"
namespace = "rules"
image = "registry.example.com/shop:1"
log_level = "debug"
always_ignore = { namespaces = ["kube-public", "both"] }
admission = { always_ignore = { namespaces = ["both", "build"] } }
watch = { always_ignore = { namespaces = ["noise"] }, threads = 4 }
custom_labels = { namespace = { team = "shop" } }
rbac = [{ apiGroups = [""], resources = ["pods"], verbs = ["get"] }]
additional_webhooks = [{ namespace = "x", failure_policy = "Fail" }, { namespace = "y" }]
accepted_findings = [{ finding = "nodes", rule = "shop/r", because = "so" }, { finding = "one-replica", because = "a lab" }]
env = { PRICES = "https://prices.example.com" }
store_flush_seconds = 2
included_files = ["policy.wasm"]
"""


@pytest.fixture
def read(tmp_path):
    def read(text, environ=None):
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        return load_settings(tmp_path, environ or {})

    return read


def test_what_is_left_out_has_a_default(read, tmp_path):
    assert read(LEAST) == Settings(folder=tmp_path, uuid="shop", module="shop:module")


def test_every_key_is_read(read, tmp_path):
    settings = read(EVERYTHING)
    assert settings == Settings(
        folder=tmp_path,
        uuid="shop",
        module="shop.rules:module",
        description="House rules",
        on_error="audit",
        webhook_timeout=7,
        rbac_mode="admin",
        namespace="rules",
        image="registry.example.com/shop:1",
        log_level="debug",
        always_ignore=AlwaysIgnore(("kube-public", "both")),
        admission=Part(AlwaysIgnore(("both", "build"))),
        watch=Watches(AlwaysIgnore(("noise",)), 4),
        custom_labels=CustomLabels({"team": "shop"}),
        rbac=({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},),
        additional_webhooks=(AdditionalWebhook("x", "Fail"), AdditionalWebhook("y", "Ignore")),
        accepted_findings=(Accepted("nodes", "shop/r", "so"), Accepted("one-replica", "", "a lab")),
        env={"PRICES": "https://prices.example.com"},
        store_flush_seconds=2.0,
        included_files=("policy.wasm",),
    )
    assert settings.ignored_namespaces == ("kube-public", "both", "build")


def test_every_key_of_the_file_is_a_field_and_every_field_a_key(read):
    defaults = read(LEAST)
    settings = read(EVERYTHING)
    apart = {"folder", "uuid", "additional_ignored_namespaces"}
    same = [
        field.name
        for field in fields(Settings)
        if field.name not in apart and getattr(settings, field.name) == getattr(defaults, field.name)
    ]
    assert same == []


@pytest.mark.parametrize(
    ("line", "message"),
    (
        ("webhok_timeout = 3", ":4: unknown key webhok_timeout; did you mean webhook_timeout?"),
        ('"log-level" = "info"', ":4: unknown key log-level; did you mean log_level?"),
        ("zzz = 1", ":4: unknown key zzz; allowed: uuid, module, description"),
        ("webhook_timeout = 0", ":4: webhook_timeout is 0; allowed is a whole number from 1 to 30"),
        ("webhook_timeout = 31", ":4: webhook_timeout is 31;"),
        ("webhook_timeout = true", ":4: webhook_timeout is True;"),
        ("webhook_timeout = 1.5", ":4: webhook_timeout is 1.5;"),
        ('webhook_timeout = "5"', ':4: webhook_timeout is "5";'),
        ('on_error = "rejct"', '"reject" or "audit" or "ignore" (did you mean reject?)'),
        ("on_error = 3", ":4: on_error is 3; allowed is"),
        ('log_level = "trace"', ':4: log_level is "trace"; allowed is "debug" or "info" or "warning" or "error"'),
        ('namespace = "Shop"', ':4: namespace is "Shop"; allowed is at most 63 lower-case letters'),
        ("namespace = []", ":4: namespace is a list;"),
        (r'description = "a\nb"', "; allowed is one line, without control characters"),
        ('image = "a b"', ':4: image is "a b"; allowed is the name of an image, without spaces and quotes'),
        ('custom_labels.namespace."a/b/c" = "x"', ':4: custom_labels.namespace.a/b/c is "x"; allowed is a label: '),
        ('custom_labels.namespace.a = "x y"', ':4: custom_labels.namespace.a is "x y"; allowed is a label: '),
        (r'env = {A = "\u0000"}', ":4: env.A has a NUL in it, which no environment takes"),
        ("description = 1", ":4: description is 1; allowed is a string"),
        ("always_ignore = []", ":4: always_ignore is a list; allowed is a table"),
        ("always_ignore.namespaces = 'a'", ':4: always_ignore.namespaces is "a"; allowed is a list of names'),
        ("always_ignore.namespaces = [1]", ":4: always_ignore.namespaces[0] is 1;"),
        ("always_ignore.namespace = []", ":4: unknown key always_ignore.namespace; did you mean namespaces?"),
        ("watch.threads = 0", ":4: watch.threads is 0; allowed is a whole number from 1 to 1000"),
        ("admission.threads = 1", ":4: unknown key admission.threads"),
        ("admission.ignore = 1", ":4: unknown key admission.ignore; did you mean always_ignore?"),
        ('custom_labels.pod = {a = "b"}', ":4: unknown key custom_labels.pod; allowed: namespace"),
        ("custom_labels.namespace.a = 1", ":4: custom_labels.namespace.a is 1; allowed is a string"),
        ("rbac = [1]", ":4: rbac[0] is 1; allowed is a table"),
        ("additional_webhooks = [{}]", ":4: additional_webhooks[0].namespace is missing"),
        (
            'additional_webhooks = [{ namespace = "a" }, { namespace = "b" }, { namespace = "a" }]',
            ":4: additional_webhooks[2].namespace is a a second time; name each namespace once",
        ),
        ('accepted_findings = [{ finding = "nodes" }]', ":4: accepted_findings[0].because is missing; write because"),
        (
            "[[tool.poblano.additional_webhooks]]\nnamespace = 'a'\nfailure_policy = 'fail'",
            ":6: additional_webhooks[0].failure_policy",
        ),
        ("env = {A = 1}", ":4: env.A is 1; allowed is a string"),
        ('env = {"A B" = "1"}', ":4: env.A B is not the name of an environment variable"),
        ('env.POBLANO_LOG_LEVEL = "debug"', "write log_level in [tool.poblano]"),
        ("store_flush_seconds = 0", ":4: store_flush_seconds is 0; allowed is a number of seconds"),
        ("store_flush_seconds = nan", ":4: store_flush_seconds is nan;"),
        ('store_flush_seconds = "1"', ':4: store_flush_seconds is "1";'),
        ("included_files = [1979-05-27]", ":4: included_files[0] is datetime.date(1979, 5, 27); allowed is a string"),
        ("rbac_mode = 'Admin'", "did you mean admin?"),
        ("x = ", "is not TOML: Invalid value (at line 4, column 5)"),
    ),
)
def test_a_mistake_is_told_with_its_line_and_what_is_allowed(read, tmp_path, line, message):
    with pytest.raises(InvalidSettings) as failed:
        read(f"{LEAST}{line}\n")
    assert str(tmp_path / "pyproject.toml") in str(failed.value)
    assert message in str(failed.value)


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("[tool.poblano]\n", ":1: uuid is missing; write uuid ="),
        ('[tool.poblano]\nuuid = "shop"', ":1: module is missing; write module ="),
        ('[tool.poblano]\nuid = "shop"', ":2: uid is no key; did you mean uuid?"),
        ('[tool.poblano]\nuuid = "Shop"', ':2: uuid is "Shop"; allowed is at most 36'),
        (f'[tool.poblano]\nuuid = "{"x" * 37}"', ":2: uuid is"),
        ('[tool.poblano]\nuuid = "a-"', ":2: uuid is"),
        ('[tool.poblano]\nuuid = "a"\nmodule = "shop.module"', 'such as "hello:module"'),
        ("[tool.poblan]\n", "has no [tool.poblano] table"),
        ("tool = 3", "has no [tool.poblano] table"),
    ),
)
def test_what_is_required_is_asked_for(read, text, message):
    with pytest.raises(InvalidSettings) as failed:
        read(text)
    assert message in str(failed.value)


def test_a_uuid_of_36_characters_is_allowed(read):
    assert read(LEAST.replace('"shop"', f'"{"x" * 36}"')).uuid == "x" * 36


@pytest.mark.parametrize(
    ("name", "value", "key", "expected"),
    (
        ("POBLANO_ON_ERROR", "ignore", "on_error", "ignore"),
        ("POBLANO_WEBHOOK_TIMEOUT", "29", "webhook_timeout", 29),
        ("POBLANO_NAMESPACE", "elsewhere", "namespace", "elsewhere"),
        ("POBLANO_LOG_LEVEL", "error", "log_level", "error"),
        ("POBLANO_STORE_FLUSH_SECONDS", "0.5", "store_flush_seconds", 0.5),
        ("POBLANO_LOG_LEVEL", "", "log_level", "debug"),
    ),
)
def test_the_environment_overrides_the_file(read, name, value, key, expected):
    assert getattr(read(EVERYTHING, {name: value}), key) == expected


@pytest.mark.parametrize(
    ("name", "value", "message"),
    (
        ("POBLANO_WEBHOOK_TIMEOUT", "31", 'POBLANO_WEBHOOK_TIMEOUT is "31"; allowed is a whole number from 1 to 30'),
        ("POBLANO_WEBHOOK_TIMEOUT", "soon", 'POBLANO_WEBHOOK_TIMEOUT is "soon"'),
        ("POBLANO_LOG_LEVEL", "loud", 'POBLANO_LOG_LEVEL is "loud"; allowed is "debug"'),
        ("POBLANO_STORE_FLUSH_SECONDS", "inf", 'POBLANO_STORE_FLUSH_SECONDS is "inf"'),
        ("POBLANO_STORE_FLUSH_SECONDS", "x", 'POBLANO_STORE_FLUSH_SECONDS is "x"'),
        ("POBLANO_UUID", "other", "POBLANO_UUID has no effect: uuid is set in pyproject.toml only"),
    ),
)
def test_a_mistake_in_the_environment_names_the_variable(read, name, value, message):
    with pytest.raises(InvalidSettings) as failed:
        read(LEAST, {name: value})
    assert message in str(failed.value)


def test_service_links_of_kubernetes_are_no_settings(read):
    assert read(LEAST, {"POBLANO_SHOP_SERVICE_HOST": "10.0.0.1", "POBLANO_PORT": "tcp://10.0.0.1:443"}).uuid == "shop"


def test_the_project_is_the_nearest_folder_above_that_has_the_table(tmp_path):
    inner = tmp_path / "module" / "package" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(LEAST, encoding="utf-8")
    (tmp_path / "module" / "pyproject.toml").write_text(LEAST, encoding="utf-8")
    (inner / "pyproject.toml").write_text("[project]\nname = 'other'\n", encoding="utf-8")
    assert find_project(inner) == tmp_path / "module"
    assert find_project(tmp_path) == tmp_path


def test_no_project_is_told_with_what_was_seen(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    with pytest.raises(InvalidSettings, match="has none; go to the folder of a module"):
        find_project(tmp_path)


def test_a_file_that_is_not_text_is_told(tmp_path):
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidSettings, match="cannot be read"):
        find_project(tmp_path)


def test_the_environment_of_the_module_gives_way_to_the_real_one():
    environ = {"A": "given"}
    put = put_environment({"A": "1", "B": "2"}, environ)
    assert (put, environ) == ({"B": "2"}, {"A": "given", "B": "2"})
    put = put_environment({"A": "1", "B": "3", "C": "4"}, environ, put)
    assert (put, environ) == ({"B": "3", "C": "4"}, {"A": "given", "B": "3", "C": "4"})
    assert put_environment({}, environ, put) == {}
    assert environ == {"A": "given"}


def test_importing_reads_no_environment_and_no_file(tmp_path):
    code = dedent(
        """
        import os, sys

        opened, read = [], []
        sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
        wanted = os.environ.__class__.__getitem__
        os.environ.__class__.__getitem__ = lambda self, key: (read.append(key), wanted(self, key))[1]
        import poblano.settings

        assert not [file for file in opened if "pyproject" in file]
        assert not [key for key in read if key.startswith("POBLANO")]
        """
    )
    (tmp_path / "pyproject.toml").write_text("not toml at all [", encoding="utf-8")
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=60)
