# SPDX-License-Identifier: GPL-2.0-only
import fcntl
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(__file__))

pytest.register_assert_rewrite("history")

import alerting  # noqa: E402
import harness  # noqa: E402
import history  # noqa: E402
import in_vm  # noqa: E402
import turns  # noqa: E402
from harness import BUILD, HERE, IN_VM  # noqa: E402
from wire import Port  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--selftest", action="store_true",
                     help="run servers and clients without an agent")


def pytest_configure(config):
    harness.AGENT = harness.NoAgent if config.getoption("--selftest") else harness.Agent
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pytest_collection_modifyitems(config, items):
    if not in_vm.SAMPLE:
        return
    taken = in_vm.sample(items)
    config.hook.pytest_deselected(items=[item for item in items if item not in taken])
    items[:] = taken


def pytest_runtestloop(session):
    if not turns.TURNS or session.testsfailed or session.config.option.collectonly:
        return None
    turns.run(session)
    return True


def pytest_terminal_summary(terminalreporter):
    for test, seconds in harness.LATE:
        terminalreporter.write_line(f"late: right only after {seconds * 1000:.1f} ms: {test}")


@pytest.fixture(scope="session", autouse=True)
def alone_and_root(request):
    if os.geteuid() != 0:
        pytest.exit("the end-to-end tests load BPF programs: run them as root", 2)
    if all(item.get_closest_marker("offline") for item in request.session.items):
        yield
        return
    # The agent sees the whole host: two sessions at a time would see each other's requests.
    with open(os.path.join(tempfile.gettempdir(), "sliprobe-e2e.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        history.remove_what_ended_tests_left()
        yield


def up_to_date(built):
    """As `make build-e2e` leaves it."""
    sources, stamp = [HERE / "build.sh", *(HERE / "servers").iterdir()], built / ".built"
    return stamp.exists() and stamp.stat().st_mtime > max(s.stat().st_mtime for s in sources)


@pytest.fixture(scope="session")
def helpers(tmp_path_factory):
    """The directory with httpd, load, Httpd.class and httpd-go."""
    built = BUILD / "tests" / "e2e"
    if IN_VM and (built / "httpd").exists() or up_to_date(built):
        return built
    out = tmp_path_factory.mktemp("helpers")
    subprocess.run([HERE / "build.sh", out], check=True)
    return out


@pytest.fixture
def start_agent():
    """A function that starts an agent with a configuration and readies it; stopped at the end."""
    agents = []

    def start(*config, **options):
        agent = harness.AGENT(*config, **options)
        agents.append(agent)
        return agent.start()

    yield start
    try:
        for agent in agents:
            agent.stop()
    finally:
        for agent in agents:
            agent.remove()


@pytest.fixture
def start_old_agent(helpers, tmp_path, start_agent):
    """start_agent() for SLOs that are as old as any window from the first request on."""
    clock = history.Clock(helpers, tmp_path / "clock")

    def start(*config):
        return clock.grow_old(start_agent(*config, env=clock.env))

    return start


def shared_agent(*config):
    """A module-wide agent, for `agent = pytest.fixture(scope="module")(...)` in a test file."""
    agent = harness.AGENT(*config)
    try:
        yield agent.start()
        if agent.real:
            agent.check_sums(agent.lost())
        agent.stop()
    finally:
        agent.remove()


def shared_port():
    """A module-wide service whose both ends a test plays, for `shop = pytest.fixture(scope="module")(shared_port)`."""
    listening = Port()
    yield listening
    listening.close()


@pytest.fixture(scope="module")
def agent(request):
    """One agent for the file; its configuration is the file's CONFIG, if it has one."""
    yield from shared_agent(*filter(None, [getattr(request.module, "CONFIG", None)]))


@pytest.fixture
def run_server():
    """A function that starts a server program and ends it with the test."""
    started = []

    def start(argv, **popen):
        server = harness.Server(argv, **popen)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop(harness.signal.SIGKILL)


@pytest.fixture
def agent_only(request):
    if request.config.getoption("--selftest"):
        pytest.skip("selftest: this is all the agent's")


@pytest.fixture
def nothing_left(agent_only):
    """For agents that outlive a process: pins and notes are gone before and after the test."""
    assert not history.left_behind()
    yield
    assert not history.left_behind()


@pytest.fixture
def shop(helpers, nothing_left):
    """A service, and the books of what was asked of it."""
    books = history.Books(helpers)
    yield books
    books.close()


@pytest.fixture
def agents(nothing_left):
    """A function that makes agents, not started; all is gone at the end."""
    made = []

    def make(text, **options):
        made.append(harness.Agent(text, **options))
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture
def wrapped():
    """A function that makes agents which a command starts, not started; all is gone at the end."""
    made = []

    def make(*wrapper, text="agent: {interval: 1s}\n", options=(), env=None):
        agent = harness.Wrapped(text, options, env)
        agent.wrapper = list(wrapper)
        made.append(agent)
        return agent

    yield make
    for agent in made:
        agent.remove()


@pytest.fixture
def service(helpers, run_server):
    """A function that starts one."""
    return lambda: alerting.Service(helpers, run_server)


@pytest.fixture
def anybodys():
    """A directory that commands, which are run by the agent's own user, can reach and write to."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="sliprobe-anybodys-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def stopping():
    """A function that has what it is given stopped at the end."""
    started = []

    def keep(thing):
        started.append(thing)
        return thing
    yield keep
    for thing in reversed(started):
        thing.stop()
