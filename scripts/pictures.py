# SPDX-License-Identifier: GPL-2.0-only
"""The pictures of the README, of a real agent: the page, and the terminal view. See pictures.sh."""
import http.client
import http.server
import os
import pathlib
import random
import re
import sys
import threading
import time
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from harness import Agent, free_port, wait_until  # noqa: E402
from test_page import Browser  # noqa: E402
from test_top import Terminal  # noqa: E402

CLIENTS = ["Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "ShopApp/2.2 (Android 15)", "ShopApp/2.3 (iOS 19)",
           "curl/8.14.1"]
FAILS = "ShopApp/2.3 (iOS 19)"
GOOD_SECONDS, BAD_SECONDS = (int(os.environ.get(name, 30)) for name in ("GOOD_SECONDS", "BAD_SECONDS"))


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    failing = False

    def do_GET(self):
        time.sleep(random.lognormvariate(-5.3, 0.5))
        fails = Shop.failing and self.headers["User-Agent"] == FAILS and self.path.startswith("/checkout")
        body = b"x" * random.randrange(200, 4000)
        self.send_response(503 if fails else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def ask(port, until):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while time.monotonic() < until:
        path = random.choice(["/", "/items/%d" % random.randrange(900), "/cart/%d" % random.randrange(90),
                              "/checkout/%d" % random.randrange(400)])
        connection.request("GET", path, headers={"User-Agent": random.choice(CLIENTS), "X-Request-Id":
                                                 "%08x" % random.getrandbits(32)})
        connection.getresponse().read()
        time.sleep(0.02)


def config(port, listen):
    return f"""
agent: {{interval: 1s, page_listen: "127.0.0.1:{listen}"}}
services:
  - name: shop
    match: {{port: {port}}}
    routes: ["/", "/checkout/*", "/items/*", "/cart/*"]
    about:
      owner: team-shop
      purpose: Customers browse, fill a cart and pay.
      mitigation: Switch the checkout to the standby region.
      runbook: https://runbooks.example.com/shop
slos:
  - {{name: checkout, service: shop, objective: 99, window: 1h, description: Customers can pay., eligible: {{routes: ["/checkout/*"]}}}}
  - {{name: pages, service: shop, objective: 99.9, window: 1h, eligible: {{routes: ["/", "/items/*"]}}, good: {{latency: 100ms}}}}
  - {{name: carts, service: shop, objective: 99.5, window: 1h, eligible: {{routes: ["/cart/*"]}}}}
"""


# ---- what a terminal shows, as SVG ----

BASIC = ["#1c2126", "#f2958c", "#71c79c", "#e2b25a", "#8ab4f0", "#c69af0", "#6fc5cf", "#e6e8ea"]
INK, GROUND = "#e6e8ea", "#14171a"
CELL_X, CELL_Y = 8.43, 18


def colour(number):
    """Of the palette of 256 that xterm has."""
    if number < 16:
        return BASIC[number % 8]
    if number < 232:
        levels = [0, 95, 135, 175, 215, 255]
        n = number - 16
        return "#%02x%02x%02x" % (levels[n // 36], levels[n // 6 % 6], levels[n % 6])
    return "#%02x%02x%02x" % ((8 + (number - 232) * 10,) * 3)


def apply(state, codes):
    codes = [int(code or 0) for code in codes.split(";")]
    while codes:
        code = codes.pop(0)
        if code == 0:
            state.update(fg=None, bg=None, bold=False, dim=False, reverse=False)
        elif code in (1, 2, 7):
            state[{1: "bold", 2: "dim", 7: "reverse"}[code]] = True
        elif code in (22, 27):
            state.update({"bold": False, "dim": False} if code == 22 else {"reverse": False})
        elif code in (38, 48) and len(codes) >= 2 and codes[0] == 5:
            state["fg" if code == 38 else "bg"] = colour(codes[1])
            codes = codes[2:]
        elif 30 <= code <= 37 or 90 <= code <= 97:
            state["fg"] = BASIC[code % 10]
        elif 40 <= code <= 47 or 100 <= code <= 107:
            state["bg"] = BASIC[code % 10]
        elif code in (39, 49):
            state["fg" if code == 39 else "bg"] = None


def spans(line, state):
    """(column, text, look) of each piece of a line."""
    column = 0
    for piece in re.split(r"(\x1b\[[\d;]*m|\x0f|\x0e)", line):
        if piece.startswith("\x1b["):
            apply(state, piece[2:-1])
        elif piece and piece not in "\x0e\x0f":
            yield column, piece, dict(state)
            column += len(piece)


def drawn(column, row, text, look):
    fg, bg = look["fg"] or INK, look["bg"]
    if look["reverse"]:
        fg, bg = bg or GROUND, fg
    x, y = 12 + column * CELL_X, 12 + row * CELL_Y
    if bg:
        yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{len(text) * CELL_X + 0.3:.1f}" height="{CELL_Y + 0.3}" fill="{bg}"/>'
    if text.strip():
        yield (f'<text x="{x:.1f}" y="{y + 13.5:.1f}" textLength="{len(text) * CELL_X:.1f}" fill="{fg}"'
               f'{" font-weight=" + chr(34) + "700" + chr(34) if look["bold"] else ""}'
               f'{" opacity=" + chr(34) + ".65" + chr(34) if look["dim"] else ""}>{escape(text.replace(chr(32), chr(160)))}</text>')


def svg(shown, columns):
    lines = shown.rstrip("\n").split("\n")
    state = {"fg": None, "bg": None, "bold": False, "dim": False, "reverse": False}
    parts = [part for row, line in enumerate(lines) for column, text, look in spans(line, state)
             for part in drawn(column, row, text, look)]
    width, height = 24 + columns * CELL_X, 24 + len(lines) * CELL_Y
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" '
        'font-size="14">',
        "<!-- SPDX-License-Identifier: GPL-2.0-only: made by scripts/pictures.sh -->",
        f'<rect width="100%" height="100%" rx="10" fill="{GROUND}"/>', *parts, "</svg>", ""])


# ---- the run ----

def picture_of_page(listen, directory):
    page = Browser(1280, False)
    try:
        page.driver.get(f"http://127.0.0.1:{listen}/#/slo/checkout")
        page.sees("Budget left over the window")
        wait_until(lambda: "It began at" in page.text() and page.js(
            "return document.getElementById('heat') !== null"), 20)
        height = page.js("return document.documentElement.scrollHeight")
        page.size(min(height, 1500))
        time.sleep(0.5)
        page.driver.save_screenshot(str(directory / "page.png"))
    finally:
        page.driver.quit()


def picture_of_terminal(agent, directory, scratch):
    terminal = Terminal(scratch, width=100, height=30)
    try:
        terminal.top(agent)
        terminal.keys("Enter")
        terminal.sees("Bad requests")
        time.sleep(4)
        (directory / "top.svg").write_text(svg(terminal.tmux("capture-pane", "-p", "-e"), 100))
    finally:
        terminal.close()


def main(directory):
    directory.mkdir(parents=True, exist_ok=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port, listen = server.server_address[1], free_port()
    agent = Agent(config(port, listen)).start()
    try:
        until = time.monotonic() + GOOD_SECONDS + BAD_SECONDS + 25
        for _ in range(8):
            threading.Thread(target=ask, args=(port, until), daemon=True).start()
        time.sleep(GOOD_SECONDS)
        Shop.failing = True
        time.sleep(BAD_SECONDS)
        picture_of_page(listen, directory)
        picture_of_terminal(agent, directory, agent.dir)
        agent.stop()
    finally:
        agent.remove()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
