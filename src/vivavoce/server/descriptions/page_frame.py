"""
The frame of the two pages: they need no script, nothing from elsewhere, and follow the reader's light or dark.

The style stands in the page, so that a saved page is whole; its hash is all that the policy allows.
"""

import base64
import hashlib

from vivavoce.server.descriptions.markup import Html, element

__all__ = ["POLICY", "framed"]

_STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #8882; --quiet: #777; --accent: #0b6e6e; }
@media (prefers-color-scheme: dark) { :root { --quiet: #999; --accent: #5cc9c4; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 6rem; }
h1, h2, h3, h4 { line-height: 1.25; margin: 2.2em 0 .5em; }
h1 { margin-top: .5em; }
h2 { border-bottom: 1px solid var(--line); padding-bottom: .2em; }
h4 { font-size: .95rem; margin: 1.3em 0 .3em; }
p, ul { margin: .5em 0; }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
code { background: var(--soft); border-radius: 3px; padding: .1em .3em; overflow-wrap: anywhere; }
pre { background: var(--soft); border-radius: 5px; overflow-x: auto; padding: .7em .9em; }
nav ul { list-style: none; padding-left: 0; columns: 18rem; }
nav li { padding: .1em 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .4em 0; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35em .8em .35em 0; text-align: left; vertical-align: top; }
th { color: var(--quiet); font-size: .8rem; font-weight: 600; }
td p { margin: 0; }
td:first-child code { white-space: nowrap; }
.method { border: 1px solid var(--accent); border-radius: 3px; color: var(--accent); font: 600 .72em ui-monospace,
  monospace; padding: .1em .45em; margin-right: .5em; vertical-align: .12em; }
.quiet { color: var(--quiet); font-size: .9em; }
section:target > h3 { background: var(--soft); }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; " + (
    "frame-ancestors 'none'"
)


def framed(title: str, *content: str) -> bytes:
    """A whole page, in UTF-8."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Html(_STYLE)),
    )
    return b"<!doctype html>\n" + element("html", head, element("body", *content), lang="en").encode()
