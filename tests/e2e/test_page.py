# SPDX-License-Identifier: GPL-2.0-only
"""The page in a real browser: clicked through, at both widths, in both themes, with hostile texts in it."""
import http.client
import json
import pathlib
import subprocess

import pytest

from harness import BUILD, SLOW, free_port, long_one, tool, user_space, wait_until
from wire import Port, get, reply

pytestmark = user_space

HOSTILE = "<img src=x onerror=document.title='owned'>\u202e\x1b[31m"
SHOTS = pathlib.Path("/tmp/sliprobe-page")


def config(port, listen):
    return f"""
agent: {{interval: 1s, page_listen: "127.0.0.1:{listen}", page_hosts: "web1.example"}}
services:
  - name: shop
    match: {{port: {port}}}
    routes: ["/checkout", "/items/**"]
    about: {{owner: team-shop, runbook: "https://runbooks.example.com/shop"}}
slos: [{{name: checkout, service: shop, objective: 99}}, {{name: pages, service: shop, objective: 90}}]
"""


@pytest.fixture
def shop(start_agent, agent_only):
    """An agent with a page, and a service that fails for one client of two."""
    port, listen = Port(), free_port()
    agent = start_agent(config(port.port, listen))
    for i in range(40):
        bad = i % 2
        client = HOSTILE if bad else "curl/8.5"
        port.dial().c(get(f"/items/{i}" if bad else "/checkout", f"User-Agent: {client}")).s(
            reply(503 if bad else 200)).close()
    agent.page = f"http://127.0.0.1:{listen}/"
    agent.page_port = listen
    wait_until(lambda: agent.slo("checkout")["eligible"] == 40)
    yield agent
    port.close()


class Browser:
    def __init__(self, width, dark):
        selenium = pytest.importorskip("selenium.webdriver")
        options = selenium.ChromeOptions()
        options.binary_location = tool("chromium")
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--no-proxy-server", "--hide-scrollbars"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = selenium.chrome.service.Service(tool("chromedriver"))
        self.driver = selenium.Chrome(options=options, service=service)
        self.width, self.name = width, f"{width}-{'dark' if dark else 'light'}"
        self.said = []
        self.size(900)
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def size(self, height):
        self.cdp("Emulation.setDeviceMetricsOverride", width=self.width, height=height,
                 deviceScaleFactor=1, mobile=False)

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def text(self):
        return self.js("return document.body.innerText")

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def sees(self, text):
        assert wait_until(lambda: text in self.text(), 10), (text, self.text())

    def goes(self, place, heading):
        self.js("location.hash = arguments[0]", place)
        assert wait_until(lambda: self.js("return document.querySelector('main h1')?.innerText") == heading, 10), \
            (place, self.text())
        assert wait_until(lambda: "Asking the agent" not in self.text(), 10), (place, self.text())
        self.fits(place)

    def fits(self, place):
        """Nothing has to be scrolled sideways, and there is a picture of it to look at."""
        assert self.js("return document.documentElement.scrollWidth") <= self.width, place
        SHOTS.mkdir(exist_ok=True)
        height = self.js("return document.documentElement.scrollHeight")
        self.size(min(height, 3000))
        self.driver.save_screenshot(str(SHOTS / f"{self.name}-{place.strip('#/').replace('/', '-') or 'slos'}.png"))
        self.size(900)

    def errors(self):
        return [line["message"] for line in self.driver.get_log("browser")]


@pytest.fixture
def browser(request):
    made = []

    def make(width=1440, dark=False):
        made.append(Browser(width, dark))
        return made[-1]
    yield make
    for one in made:
        one.driver.quit()


def ground(one):
    return one.js("return getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize("width,dark", [(360, True), long_one(1440, False)])
def test_it_is_clicked_through(shop, browser, width, dark):
    page = browser(width, dark)
    page.driver.get(shop.page)
    page.sees("checkout")
    assert ground(page) == ("rgb(20, 23, 26)" if dark else "rgb(251, 250, 248)")
    page.fits("#/")
    # worst first: half of the requests are bad, of 1 % and of 10 % that may be
    assert [link.text for link in page.driver.find_elements("css selector", "tbody th a")] == [
        "checkout", "pages"]
    page.find("tbody th a").click()
    page.sees("Budget left over the window")
    figures = [figure.text for figure in page.driver.find_elements("css selector", ".figure .big")]
    assert figures[:2] == ["99 %", "50.00 %"]
    assert page.find("svg.chart").get_attribute("aria-label").startswith("Budget left from")
    assert wait_until(lambda: page.js("return document.activeElement.tagName") == "H1", 10)
    # one column of the map at least is drawn: the cell under the keyboard is told
    assert wait_until(lambda: page.js("return document.getElementById('heat') !== null"), 15)
    page.find("#heat").send_keys("\ue012")  # left
    page.sees("request")
    page.fits("#/slo/checkout")
    page.goes("#/services", "Services")
    page.sees("shop")
    page.goes("#/service/shop", "shop")
    page.sees("/items/**")
    page.goes("#/incidents", "Incidents")
    page.goes("#/events", "Samples")
    assert page.errors() == [] or all("/v1/" in line for line in page.errors())
    assert "owned" not in page.driver.title


def test_what_requests_say_is_shown_as_text(shop, browser):
    if shop.get("/v1/events?limit=1")[0] != 200:
        pytest.skip("this agent keeps no samples")
    page = browser(360)
    page.driver.get(shop.page + "#/events")
    page.sees("<img src=x onerror=document.title='owned'>\\u202e\\u001b[31m")
    assert page.driver.find_elements("css selector", "main img") == []
    assert page.driver.title == "Samples · sliprobe"
    page.fits("#/events")
    box = page.find("#filter")
    box.send_keys("status=200\n")
    assert wait_until(lambda: "onerror" not in page.text(), 10)
    page.sees("curl/8.5")
    assert page.js("return document.activeElement.id") == "filter", "a refresh takes no focus away"
    box = page.find("#filter")
    box.clear()
    box.send_keys("statsu=200\n")
    page.sees("status")
    assert wait_until(lambda: page.driver.find_elements("css selector", "[role=alert]"), 10)


def ask(port, method, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * SLOW)
    connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_the_listener_is_for_reading_and_under_its_own_names(shop):
    port = shop.page_port
    code, headers, body = ask(port, "GET", "/")
    assert code == 200 and body.startswith(b"<!doctype html>")
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'sha256-")
    assert json.loads(ask(port, "GET", "/v1/status")[2])["slos"]
    assert ask(port, "GET", "/v1/status", Host="web1.example:1")[0] == 200
    for host in ("evil.example", f"evil.example:{port}", "web1.example.evil.example", "x"):
        assert ask(port, "GET", "/v1/status", Host=host)[0] == 421, host
    for method, path in (("POST", "/v1/reload"), ("POST", "/v1/silences"), ("DELETE", "/v1/silences/1"),
                         ("PUT", "/"), ("POST", "/")):
        assert ask(port, method, path)[0] == 403, path
    # on the socket, too: with root's rights behind it, but for a browser
    assert shop.request("POST", "/v1/reload", {"Origin": "http://localhost:8080"})[0] == 403
    assert shop.request("GET", "/v1/status", {"Host": "evil.example"})[0] == 421
    assert shop.request("POST", "/v1/reload")[0] == 200


def test_a_report_needs_no_agent(shop, browser, tmp_path):
    path = tmp_path / "report.html"
    done = subprocess.run([BUILD / "slictl", "--socket", shop.socket, "report", "--html", path],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{path}: 2 SLOs")
    assert path.stat().st_mode & 0o777 == 0o600
    shop.stop()
    page = browser(1440)
    page.driver.get(path.as_uri())
    page.sees("checkout")
    page.goes("#/slo/checkout", "checkout")
    page.sees("Budget left over the window")
    page.goes("#/service/shop", "shop")
    page.goes("#/events", "Samples")
    assert page.errors() == []
    assert page.driver.find_elements("css selector", "main img") == []
