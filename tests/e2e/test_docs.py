# SPDX-License-Identifier: GPL-2.0-only
"""The pages in docs/ name what there is: keys, addresses, alerts, commands, options."""
import re
import subprocess

import pytest

from harness import BUILD, HERE, user_space

pytestmark = [user_space, pytest.mark.offline]
ROOT = HERE.parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


def slictl(*argv):
    return subprocess.run([BUILD / "slictl", *argv], capture_output=True, text=True, check=False)


def page(name):
    return (ROOT / "docs" / name).read_text()


def test_the_reference_of_keys_is_that_of_the_tables():
    assert page("configuration.md").split("## Keys\n\n")[1] == slictl(
        "export", "config-reference").stdout, \
        "write it anew: slictl export config-reference, below ## Keys"


def test_every_address_is_documented():
    source = (ROOT / "user/server/routes.c").read_text()
    addresses = re.findall(r'^\t\{"(/[\w/-]+)", "(\w+)"', source, re.M)
    assert len(addresses) >= 12
    text = page("api.md")
    for path, method in addresses:
        assert f"`{method} {path}" in text, (method, path)


def test_every_default_alert_has_its_section():
    headings = " ".join(re.findall(r"^## (.*)$", page("paged.md"), re.M))
    source = (ROOT / "user/slo/alert_rule.c").read_text()
    names = set(re.findall(r'"((?:burn|exhaust|budget)-\w+|no-data|coverage)"', source))
    assert len(names) >= 11
    assert [name for name in sorted(names) if name not in headings] == []


def commands_of(text):
    """Of slictl, as they stand in a page: in code blocks and in backquotes."""
    found = re.findall(r"^(?:    )?(?:build/)?slictl +(?:--json +)?([a-z-]+)([^\n|#]*)", text, re.M)
    found += re.findall(r"`slictl (?:--json )?([a-z-]+)([^`]*)`", text)
    return found


@pytest.mark.parametrize("path", [ROOT / "README.md", *PAGES], ids=lambda path: path.name)
def test_commands_and_options_exist(path):
    commands = set(re.findall(r"^  ([a-z-]+)", slictl("help").stdout, re.M))
    for command, rest in commands_of(path.read_text()):
        assert command in commands, f"slictl {command}"
        known = slictl("help", command)
        text = known.stdout + known.stderr
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in text or option in ("--help", "--json", "--socket"), (command, option)


@pytest.mark.parametrize("path", [ROOT / "README.md", *PAGES], ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_the_readme_points_to_every_page():
    readme = (ROOT / "README.md").read_text()
    assert [p.name for p in PAGES if f"docs/{p.name}" not in readme] == []


def test_each_fault_names_its_test():
    table = page("security.md").split("\n## Faults\n")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 20
    for row in rows:
        tests = re.findall(r"`((?:tests/[a-z0-9_/]+/)?test_[a-z0-9_]+\.(?:py|c))`", row)
        assert tests, row
        for name in tests:
            assert (ROOT / name).exists() or (HERE / name).exists(), name
