"""The log: what its lines say, and what they never show."""

from __future__ import annotations

import contextvars
import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from traceback import walk_tb

import orjson
import pytest
import structlog
import yaml
from hypothesis import given
from hypothesis import strategies as st

from poblano import Capability, Context, Module, a, log
from poblano.client.retries import parse_retry_after
from poblano.core.cache import Key
from poblano.core.context import Running, running
from poblano.core.errors import MalformedObject
from poblano.core.objects import GenericKind, Resource, document
from poblano.core.requests import MutateRequest, ValidateRequest
from poblano.core.review import AdmissionRequest, GroupVersionKind
from poblano.log import Log, Logger
from poblano.log_lines import Descriptor, json_line, places_of, to_stdout
from poblano.models.core_v1 import Secret
from poblano.watch.calling import Caller

RULE = Running("shop", "pinned-images", "Pod", "shop", "db", "uid-1")
POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "db", "namespace": "shop"}}


@pytest.fixture(autouse=True)
def _as_before():
    """What a process logs is a matter of the process: leave it as it was."""
    root, output = logging.getLogger(), log._output
    handlers, level, ours = root.handlers[:], root.level, logging.getLogger("poblano").level
    yield
    root.handlers, root.level = handlers, level
    logging.getLogger("poblano").setLevel(ours)
    structlog.reset_defaults()
    log._output = output


class Lines:
    """Gathers what is logged."""

    def __init__(self, level="info", **options):
        self.written = []
        log.configure(level, write=self.written.append, **options)

    @property
    def all(self):
        assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in self.written)
        return [json.loads(line) for line in self.written]

    @property
    def said(self):
        """The only line, without its time."""
        (line,) = self.all
        del line["time"]
        return line


def as_rule(about, function):
    def run():
        running.set(about)
        function()

    contextvars.copy_context().run(run)


def test_a_line_has_time_level_and_message_first_then_the_fields():
    lines = Lines()
    Log.info("told", count=3)
    assert list(lines.all[0]) == ["time", "level", "message", "count"]
    assert lines.all[0]["time"].endswith("Z")
    assert lines.said == {"level": "info", "message": "told", "count": 3}


def test_a_line_knows_the_rule_and_the_object_of_the_request():
    lines = Lines()
    as_rule(RULE, lambda: Log.warning("no tier", wanted="data"))
    assert lines.said == {
        "level": "warning",
        "message": "no tier",
        "capability": "shop",
        "rule": "pinned-images",
        "kind": "Pod",
        "namespace": "shop",
        "name": "db",
        "uid": "uid-1",
        "wanted": "data",
    }


@pytest.mark.parametrize(
    "about",
    (
        POD,
        Resource.of(POD),
        MutateRequest(
            AdmissionRequest("u", "CREATE", kind=GroupVersionKind("", "v1", "Pod"), namespace="shop", name="db"),
            Resource,
            POD,
        ),
        AdmissionRequest("u", "CREATE", kind=GroupVersionKind("", "v1", "Pod"), namespace="shop", name="db"),
    ),
)
def test_a_line_about_an_object_has_its_kind_namespace_and_name(about):
    lines = Lines()
    Log.info(about, "seen")
    assert lines.said == {"level": "info", "message": "seen", "kind": "Pod", "namespace": "shop", "name": "db"}


def test_a_line_may_be_about_further_fields_or_anything_else():
    lines = Lines()
    Log.info({"a": 1}, "map")
    Log.info(3, "number")
    Log.info(POD)
    assert [line.get("about") for line in lines.all] == [{"a": 1}, 3, None]
    assert [line["message"] for line in lines.all] == ["map", "number", ""]


def test_an_error_is_told_with_its_type_text_cause_and_places():
    lines = Lines()
    try:
        try:
            raise KeyError("price")
        except KeyError as missing:
            raise ValueError("no price") from missing
    except ValueError as error:
        Log.exception("failed")
        Log.error(error, "failed")
    for line in lines.all:
        assert (line["level"], line["error"], line["cause"]) == ("error", "ValueError: no price", "KeyError: 'price'")
        assert "test_log.py" in line["trace"][-1]
        assert line["trace"][-1].endswith("in test_an_error_is_told_with_its_type_text_cause_and_places")


async def test_the_places_of_an_error_are_the_users_and_the_ends_of_what_they_called():
    """Of the frames of a failed action, nine in ten are of whoever calls it."""

    async def act(one, ctx):
        await ctx.apply(a.ConfigMap())

    shop = Capability("shop")
    shop.when(a.ConfigMap).reconcile(act, name="act")
    (binding,) = Module(shop).bindings
    calling, one = Caller(1), a.ConfigMap(metadata={"name": "x", "namespace": "y"})
    try:
        await calling.call(binding, Key("y", "x"), "1", one, Context(one, binding.kind, None))
    except MalformedObject as error:
        own = error.with_traceback(error.__traceback__.tb_next)  # without this test's
        places, full = places_of(own), [frame.f_code.co_name for frame, _ in walk_tb(own.__traceback__)]
    finally:
        calling.close()

    assert [place.rpartition(" in ")[2] for place in places] == ["act", "apply", "_applicable"]
    assert "test_log.py" in places[0]
    assert full == ["call", "_limited", "__await__", "act", "apply", "_applicable"]


def test_an_error_of_poblanos_own_shows_all_of_its_places():
    try:
        parse_retry_after(3)
    except AttributeError as error:
        (place,) = places_of(error.with_traceback(error.__traceback__.tb_next))
        assert place.endswith("in parse_retry_after")


def test_of_an_error_about_a_secret_the_words_are_withheld():
    lines = Lines()

    def fail():
        try:
            raise ValueError("hunter2")
        except ValueError:
            Log.exception("failed")

    as_rule(Running("shop", "rule", "Secret"), fail)
    assert lines.said["error"] == "ValueError (its text is withheld: the object is a Secret)"
    assert b"hunter2" not in lines.written[0]


def test_exception_without_an_error_is_a_line():
    lines = Lines()
    Log.exception("nothing is wrong")
    assert lines.said == {"level": "error", "message": "nothing is wrong"}


@pytest.mark.parametrize(
    ("level", "written"),
    (
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ),
)
def test_what_is_less_than_the_level_is_not_written(level, written):
    lines = Lines(level)
    for name in ("debug", "info", "warning", "error"):
        getattr(Log, name)("x")
    assert [line["level"] for line in lines.all] == written
    assert [name for name in ("debug", "info", "warning", "error") if log.enabled(name)] == written


def test_fields_may_have_any_name():
    lines = Lines()
    Log.info("m", event=1, self=2, method_name=3, message=4, time=5, level=6, exc=7)
    assert {key for key in lines.said if key.endswith("_")} == {
        "event_",
        "self_",
        "method_name_",
        "message_",
        "time_",
        "level_",
    }


def test_a_bound_logger_adds_its_fields():
    lines = Lines()
    Logger(a=1).bind(b=2).info("x", b=3)
    assert (lines.said["a"], lines.said["b"]) == (1, 3)


def test_text_that_is_no_unicode_and_huge_values_are_written_all_the_same():
    lines = Lines()
    Log.info("\ud800", a="\udfff", b="x" * 10**6, c=10**400, **{"\ud801": 1})
    assert len(lines.written[0]) < 4096
    assert lines.said["message"] == "?"


def test_a_log_that_cannot_be_written_or_made_fails_nobody(monkeypatch):
    def broken(line):
        raise OSError

    log.configure("info", write=broken)
    Log.info("x")
    lines = Lines()
    monkeypatch.setattr(log, "_rendered", None)
    Log.info("x")
    assert lines.said == {"level": "error", "message": "a log line could not be made", "of": "x"}


def test_structlog_and_the_standard_library_write_the_same_lines():
    lines = Lines()
    structlog.get_logger().info("mine", data={"a": 1}, n=1)
    structlog.get_logger().critical("mine")
    logging.getLogger("poblano.admission").info("told %s", "you", extra={"path": "/mutate", "token": "x"})
    logging.getLogger("library").info("chatter")
    broken = {"name": "library", "levelno": 50, "msg": "wrong %d", "args": ("arguments",)}
    log._Handler().handle(logging.makeLogRecord(broken))
    with structlog.contextvars.bound_contextvars(trace_id="t"):
        Log.info("traced")
    untimed = [{key: value for key, value in line.items() if key != "time"} for line in lines.all]
    assert untimed == [
        {"level": "info", "message": "mine", "data": "<withheld>", "n": 1},
        {"level": "error", "message": "mine"},
        {
            "level": "info",
            "message": "told you",
            "logger": "poblano.admission",
            "path": "/mutate",
            "token": "<withheld>",
        },
        {"level": "error", "message": "wrong %d", "logger": "library"},
        {"level": "info", "message": "traced", "trace_id": "t"},
    ]


def test_the_standard_librarys_errors_are_told_with_their_places():
    lines = Lines()
    try:
        raise ValueError("x")
    except ValueError:
        logging.getLogger("poblano").exception("broke")
    assert (lines.said["error"], len(lines.said["trace"])) == ("ValueError: x", 1)


def test_configuring_twice_writes_each_line_once():
    Lines()
    lines = Lines()
    logging.getLogger("poblano").warning("once")
    assert len(lines.all) == 1


def test_the_console_is_readable_and_shows_places_below():
    lines = Lines(format="console", colors=False)
    try:
        raise ValueError("x")
    except ValueError:
        Log.exception("broke", evil="\x1b[31mred\x07", n=1)
    head, place, end = b"".join(lines.written).decode().split("\n")
    assert "[error" in head
    assert "broke" in head
    assert "n=1" in head
    assert "\x1b" not in head
    assert place.startswith("    ")
    assert end == ""


def test_the_console_has_colours_when_asked():
    lines = Lines(format="console", colors=True)
    Log.info("x")
    assert b"\x1b[" in lines.written[0]


def test_before_it_is_configured_lines_go_to_the_standard_output(capsys):
    log._output = log.Output(20, json_line, to_stdout)
    Log.info("early")
    Log.debug("unseen")
    assert json.loads(capsys.readouterr().out)["message"] == "early"


def test_logging_does_not_load_structlog_and_configures_it_once_somebody_does():
    code = (
        "import sys; from poblano.log import Log, configure; configure('info'); Log.info('ours', of=[1]);"
        "assert 'structlog' not in sys.modules and 'rich' not in sys.modules;"
        "import structlog; structlog.get_logger().info('theirs', token='x');"
        "structlog.contextvars.bind_contextvars(trace='t'); Log.warning('both')"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [{key: value for key, value in line.items() if key != "time"} for line in lines] == [
        {"level": "info", "message": "ours", "of": [1]},
        {"level": "info", "message": "theirs", "token": "<withheld>"},
        {"level": "warning", "message": "both", "trace": "t"},
    ]


def test_importing_does_not_load_structlog_and_configures_nothing():
    code = "import sys, logging, poblano.log; assert 'structlog' not in sys.modules; assert not logging.getLogger().handlers"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_lines_of_many_threads_stay_whole_and_none_is_lost():
    reading, writing = os.pipe()
    log.configure("info", write=Descriptor(writing))
    received = bytearray()

    def read():
        while part := os.read(reading, 4096):
            received.extend(part)

    reader = threading.Thread(target=read)
    reader.start()
    writers = [
        threading.Thread(
            target=lambda n=n: [Log.info("x" * 1500, n=n, m=m, more="y" * 2000, much="z" * 2000) for m in range(20)]
        )
        for n in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    os.close(writing)
    reader.join()
    os.close(reading)
    found = sorted((line["n"], line["m"]) for line in map(json.loads, received.splitlines()))
    assert found == [(n, m) for n in range(4) for m in range(20)]


def test_a_line_is_out_when_the_process_is_killed():
    code = (
        "import os, signal; from poblano.log import Log, configure; configure('info'); Log.info('last words');"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False, timeout=60)
    assert json.loads(done.stdout)["message"] == "last words"


def test_a_reader_that_left_or_does_not_read_fails_nobody(monkeypatch):
    monkeypatch.setattr("poblano.log_lines._PATIENCE_SECONDS", 0.01)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    log.configure("info", write=Descriptor(writing))
    for _ in range(100):
        Log.info("x" * 2000)
    os.close(reading)
    Log.info("gone")
    os.close(writing)
    Log.info("closed")


@dataclass
class Holder:
    anything: object


def shapes(secret):
    """Everything a value of a Secret may be in when somebody logs it."""
    whole = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "shop", "annotations": {"last": json.dumps({"data": {"a": secret}})}},
        "data": {"a": secret},
        "stringData": {"b": secret},
    }
    typed, generic = Secret.of(whole), GenericKind.of(whole)
    asked = AdmissionRequest(
        "u", "CREATE", kind=GroupVersionKind("", "v1", "Secret"), name="s", object_bytes=orjson.dumps(whole)
    )
    mutate, validate = MutateRequest(asked, Secret, whole), ValidateRequest(asked, Secret, whole)
    return [
        whole, typed, generic, typed.data, typed.string_data, typed.metadata, typed.metadata.annotations, document(typed),
        asked, mutate, validate, mutate.text, mutate.bytes, mutate.raw, secret.encode(), bytearray(secret.encode()),
        json.dumps(whole), json.dumps(json.dumps(whole)), repr(whole), yaml.safe_dump(whole), f"{whole}", f"{typed.data}",
        {"data": {"a": secret}}, {"stringData": secret}, {"password": secret}, {"a": {"b": {"apiToken": [secret]}}},
        {"name": "DB_PASSWORD", "value": secret}, [{"op": "add", "path": "/data/a", "value": secret}],
        {"op": "replace", "path": "/data", "value": {"a": secret}}, f"Bearer {secret}{secret}",
        f"-----BEGIN PRIVATE KEY-----\n{secret}", {"kind": "SecretList", "metadata": {}, "items": [whole]},
    ]  # fmt: skip


def wrapped(shape, way):
    match way:
        case "list":
            return [shape]
        case "deep":
            return {"a": [{"b": (shape,)}]}
        case "holder":
            return Holder(shape)
        case _:
            return shape


secrets = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=6, max_size=30).map(
    lambda text: f"zq{text}"
)
SHAPES = len(shapes("x"))


@given(
    secrets,
    st.integers(0, SHAPES - 1),
    st.sampled_from(["itself", "list", "deep", "holder"]),
    st.sampled_from(["json", "console"]),
)
def test_a_secret_is_never_in_a_line_whatever_it_is_in(secret, index, way, format):
    shape = shapes(secret)[index]
    lines = Lines("debug", format=format, colors=False)
    Log.info(wrapped(shape, way), "seen")
    Log.debug("seen", it=wrapped(shape, way))
    Log.info(shape)
    Log.info("seen", name="DB_PASSWORD", value=secret)
    Log.info(f"seen {shape}" if isinstance(shape, str) else "seen", token=secret, data=secret)
    structlog.get_logger().info("seen", it=wrapped(shape, way))
    logging.getLogger("poblano").info("seen", extra={"it": wrapped(shape, way)})
    if isinstance(shape, str | dict):
        logging.getLogger("poblano").info("seen %s", json.dumps({"metadata": {}, "kind": "", "data": shape}))
    assert len(lines.written) >= 6
    assert secret.encode() not in b"".join(lines.written)


@given(secrets, st.sampled_from([ValueError, KeyError, RuntimeError]), st.booleans())
def test_while_a_rule_for_secrets_runs_neither_errors_nor_maps_show_a_value(secret, error, caused):
    lines = Lines("debug")

    def fail():
        Log.info("seen", values={"a": secret}, items=[secret])
        Log.info({"a": secret})
        try:
            try:
                raise error(secret)
            except error as cause:
                if caused:
                    raise RuntimeError(f"because of {secret}") from cause
                raise
        except Exception as failed:
            Log.exception("failed")
            Log.error(failed, "failed", again=failed)
            logging.getLogger("poblano").exception("failed")

    as_rule(Running("shop", "rule", "Secret", "shop", "s"), fail)
    assert len(lines.written) == 5
    assert secret.encode() not in b"".join(lines.written)


@given(
    st.text(st.characters(), max_size=50),
    st.dictionaries(st.text(st.characters(), max_size=8), st.text(st.characters(), max_size=50), max_size=4),
)
def test_every_line_is_one_line_of_json(message, fields):
    lines = Lines()
    Log.info(message, **fields)
    assert lines.all[0]["level"] == "info"
