# SPDX-License-Identifier: GPL-2.0-only
"""How figures are printed."""


def heading(text):
    print(f"\n{text}")


def between(entry, digits, sign=""):
    return f"({entry['q1']:{sign}.{digits}f} to {entry['q3']:{sign}.{digits}f})"


def comparison(unit, result, titles, digits=0):
    """One row for nothing attached, one for the noise, one for each variant measured."""
    in_quiet = any("quiet_added" in row for row in result.values() if isinstance(row, dict))
    print(f"  {unit:28} {'median':>10} {'added':>10}  {'(interquartile)':20} {'ratio':>7}  "
          f"{'(interquartile)':18}{' in quiet' if in_quiet else ''}")
    for name, title in {"bare": "nothing attached", "noise": "nothing again (noise)",
                        **titles}.items():
        row = result.get(name)
        if not row:
            continue
        line = f"  {title:28} {row['median']:10.{digits}f}"
        if "added" in row:
            added, ratio = row["added"], row["ratio"]
            line += f" {added['median']:+10.{digits}f}  {between(added, digits, '+'):20}" \
                    f" {ratio['median']:7.3f}  {between(ratio, 3):18}"
        if "quiet_added" in row:
            line += f" {row['quiet_added']:+8.{digits}f}"
        print(line)


def over(text, ratio, quiet):
    """Of what two variants add: by pairs, and in quiet."""
    if ratio:
        high = f"{ratio['high']:.2f}" if ratio["high"] else "any"
        by_pairs = f"{ratio['ratio']:.2f} (95 % of resamples: {ratio['low']:.2f} to {high})"
    else:
        by_pairs = "cannot tell, the latter is lost in the noise"
    print(f"  {text}: {by_pairs}; in quiet {f'{quiet:.2f}' if quiet else 'cannot tell'}")


def rows(names, entries):
    """A plain table: names are columns, entries lists of texts."""
    widths = [max(len(str(e[i])) for e in [names, *entries]) for i in range(len(names))]
    for entry in [names, *entries]:
        cells = [f"{str(cell):>{width}}" for cell, width in zip(entry, widths)]
        print("  " + "  ".join(cells))


def mib(n):
    return f"{n / (1 << 20):.1f}"
