# SPDX-License-Identifier: GPL-2.0-only
"""Rules exported for Prometheus, and what reads them."""
import subprocess

from harness import BUILD, tool

CONFIG = """services:
  - name: shop
    match: {port: 8080}
    about: {owner: "team {{shop}}", purpose: "Sell \\"it\\": all\\nof it", runbook: "https://x/y"}
  - {name: "back yard", match: {port: 8081}}
slos:
  - name: checkout
    service: shop
    objective: 99.9
    window: 30d
"""


def slictl(*arguments, code=0):
    done = subprocess.run([BUILD / "slictl", *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def export_rules(tmp_path, config):
    file = tmp_path / "sliprobe.yaml"
    file.write_text(config)
    rules = tmp_path / "rules.yaml"
    rules.write_text(slictl("export", "prometheus-rules", "--config", file).stdout)
    return rules


def promtool(*arguments):
    done = subprocess.run([tool("promtool"), *map(str, arguments)], capture_output=True, text=True,
                          timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-8000:]
    return done.stdout
