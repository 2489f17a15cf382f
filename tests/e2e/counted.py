# SPDX-License-Identifier: GPL-2.0-only
"""What an agent has counted of one service, by status, route and method."""


def table(agent, service):
    """{(route, method, status): requests}, whole answers alone."""
    found = {}
    for route in agent.service(service)["routes"] if agent.real else ():
        for status, n in route["status"].items():
            key = route["route"], route["method"], status
            found[key] = found.get(key, 0) + n
    return found


class Books:
    """What was counted of a service (by name or port) since this was made: statuses, routes, and what was not seen."""

    def __init__(self, agent, service="shop"):
        self.agent, self.service, self.watch = agent, service, agent.watch(service)
        self.before, self.blind = table(agent, service), self.blind_now()
        self.before_grpc = agent.service(service).get("grpc_status", {}) if agent.real else {}

    def blind_now(self):
        coverage = self.agent.status()["coverage"] if self.agent.real else {}
        return sum(b["connections"] for b in coverage.get("blind", ()) if self.service in (b["service"], b["port"]))

    def expect(self, status=None, **outcomes):
        self.watch.expect(status, **outcomes)
        if self.agent.real:
            assert self.blind_now() == self.blind

    def routes(self, want):
        """{(route, method, status): requests}"""
        if not self.agent.real:
            return
        now = table(self.agent, self.service)
        got = {key: n - self.before.get(key, 0) for key, n in now.items() if n != self.before.get(key, 0)}
        want = {(route, method, str(status)): n for (route, method, status), n in want.items()}
        assert got == want, got

    def grpc_now(self):
        """{name of a gRPC status: calls}"""
        now = self.agent.service(self.service).get("grpc_status", {})
        counts = {name: n - self.before_grpc.get(name, 0) for name, n in now.items()}
        return {name: n for name, n in counts.items() if n}

    def grpc(self, want):
        assert not self.agent.real or self.grpc_now() == {name: n for name, n in want.items() if n}

    def in_flight(self, n):
        assert not self.agent.real or self.agent.status()["coverage"]["in_flight"] == n
