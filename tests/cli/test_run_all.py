"""`poblano run --role all`, in two replicas: both answer reviews, one works."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import signal
import ssl
import subprocess
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from poblano.admission.certificates import issue
from poblano.cluster.serving.served import Settings
from tests.cli.developing import POBLANO, environment
from tests.cli.test_run import REVIEW, write
from tests.cluster.serving_cluster import running
from tests.eventually import eventually
from tests.watch.loads import make_space

MODULE = """
from poblano import Capability, Module, a

shop = Capability("shop")
shop.when(a.ConfigMap).is_created().validate(lambda one: one.deny("not here"), name="never")

@shop.when(a.Secret).reconcile
async def nothing(one, ctx):
    pass

module = Module(shop)
"""


@dataclass
class Replica:
    process: subprocess.Popen[bytes]
    log: Path

    def line(self, message):
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return next((line for line in lines if line["message"] == message), None)

    def port(self, which):
        found = eventually(lambda: self.line("serving"), "it serves", seconds=90)
        return int(found[which][0].rsplit(":", 1)[1])

    def page(self, path):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port("health"), timeout=60)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def review(self):
        context = ssl._create_unverified_context()
        with closing(http.client.HTTPSConnection("127.0.0.1", self.port("https"), context=context)) as connection:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/validate/fail/10", json.dumps(REVIEW), headers)
            return json.loads(connection.getresponse().read())["response"]["status"]["message"]

    def leads(self):
        status = re.search(r'leader_election_master_status\{name="poblano-both"\} (\S+)', self.page("/metrics")[1])
        return status is not None and float(status[1]) == 1


@pytest.mark.timeout(400)
def test_l7_reviews_are_answered_by_all_replicas_and_one_of_them_leads(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poblano]\nuuid = "both"\nmodule = "both:module"\nnamespace = "both"\n'
    )
    (tmp_path / "both.py").write_text(MODULE)
    write(tmp_path, issue([], ["127.0.0.1"]))
    with running(Settings()) as cluster, ExitStack() as stack:
        asyncio.run(make_space(cluster.kubeconfig, "both"))

        def start(number):
            options = ["--role", "all", "--host", "127.0.0.1", "--port", "0", "--health-port", "0"]
            files = ["--cert", str(tmp_path / "tls.crt"), "--key", str(tmp_path / "tls.key")]
            log = tmp_path / f"{number}.log"
            with log.open("wb") as file:
                env = environment() | {"KUBECONFIG": str(cluster.kubeconfig)}
                process = subprocess.Popen(
                    [*POBLANO, "run", *options, *files], cwd=tmp_path, env=env, stdout=file, stderr=file
                )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return Replica(process, log)

        replicas = [start(number) for number in range(2)]
        eventually(lambda: all(one.page("/readyz")[0] == 200 for one in replicas), "both are ready", seconds=90)
        eventually(lambda: sorted(one.leads() for one in replicas) == [False, True], "one of them leads", seconds=90)
        first, other = sorted(replicas, key=lambda one: not one.leads())
        for replica in replicas:
            assert replica.review() == "shop/never: not here"
            assert replica.page("/readyz?verbose")[1] == (
                "[+]webhook ok\n[+]certificate ok\n[+]caches ok\n[+]leader ok\nreadyz check passed\n"
            )
            assert replica.page("/healthz/loop") == (200, "ok")
            assert replica.page("/healthz/something")[0] == 404

        first.process.send_signal(signal.SIGTERM)
        eventually(other.leads, "the other one takes over", seconds=90)
        if first.process.poll() is None:  # it drains for 15 s, which a very slow machine needs for this much
            assert not first.leads()
            assert first.review() == "shop/never: not here"
        first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(60) == 0
