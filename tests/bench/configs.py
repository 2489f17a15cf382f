# SPDX-License-Identifier: GPL-2.0-only
"""Configurations of the agent that is measured. JSON is YAML."""
import json

ROUTES = 500
ROUTE_PATH = "/r250/items/42"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def service(name, port, routes=("/",)):
    return {"name": name, "match": {"port": port}, "routes": list(routes)}


def slo(name, of, latency_ms=1000, **more):
    return {"name": name, "service": of, "objective": 99.9, "window": "30d",
            "good": {"latency": f"{latency_ms}ms"}, **more}


def config(services, slos, interval="10s", **more):
    return json.dumps({"agent": {"interval": interval}, "services": services, "slos": slos,
                       **more}, indent=1)


def plain(port, interval="10s", name="bench"):
    """One service, one SLO: what the minimal exchange is measured with."""
    return config([service(name, port)], [slo(name, name)], interval)


def tls(port):
    return config([service("bench", port)], [slo("bench", "bench")], tls="servers")


def http2(port):
    return config([service("bench", port, ["/", "/small", "/shop.Cart/*"])], [slo("bench", "bench")])


def many_routes(port):
    routes = [f"/r{i}/items/*" for i in range(ROUTES)]
    return config([service("bench", port, routes)], [slo("bench", "bench")])


def agents_excluded(port):
    exclude = {"user_agents": ["kube-probe/*", "wrk*", "*bot*", "Prometheus/*"]}
    return config([service("bench", port)],
                  [slo("bench", "bench", eligible={"exclude": exclude})])


def many_slos(port, n=50):
    return config([service("bench", port)],
                  [slo(f"bench-{i}", "bench", latency_ms=10 * (i + 1)) for i in range(n)])


def slos_on_services(ports, n):
    """n SLOs spread over a service for each port, with a step each second."""
    return config([service(f"bench-{p}", p) for p in ports],
                  [slo(f"slo-{i}", f"bench-{ports[i % len(ports)]}", latency_ms=i + 1)
                   for i in range(n)], "1s")


def many_services(n):
    """Each with a port, three routes and one SLO."""
    names = [f"service-{i}" for i in range(n)]
    services = [service(name, 40000 + i, ["/", "/items/*", "/cart/**"])
                for i, name in enumerate(names)]
    return config(services, [slo(name, name) for name in names])
