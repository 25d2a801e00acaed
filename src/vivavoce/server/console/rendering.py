"""
Pages out of templates: whole, or only the block that htmx asked for.

A template extends ``frame.html`` and fills its blocks; the macros of ``parts.html`` are there as ``ui`` everywhere.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import Response
from litestar.response.redirect import Redirect
from markupsafe import Markup, escape

from vivavoce.server.answers import AnyRequest
from vivavoce.server.console import amounts
from vivavoce.server.console.cookies import notice, notice_in, said
from vivavoce.server.console.guard import CSRF_FIELD, CSRF_HEADER
from vivavoce.server.console.navigation import NAVIGATION, current
from vivavoce.server.console.person import person_of
from vivavoce.views.times import iso

__all__ = ["CONSOLE_POLICY", "PAGE_HEADERS", "confirmation", "go", "render", "wants_part"]

CONSOLE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; "
    "img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self'; frame-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PAGE_HEADERS: Mapping[str, str] = {
    "content-security-policy": CONSOLE_POLICY,
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "vary": "HX-Request",
}
# Neither inline styles nor evaluated attributes, nothing kept in the browser; a form that comes back with complaints
# (422) is shown.
_HTMX = {
    "allowEval": False,
    "includeIndicatorStyles": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "refreshOnHistoryMiss": True,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "422", "swap": True},
        {"code": "[45]..", "swap": False, "error": True},
    ],
}


def render(
    request: AnyRequest,
    template: str,
    *,
    block: str = "",
    status: int = 200,
    **values: object,
) -> Response[str]:
    """
    A page.

    Args:
        request: What asked for it.
        template: A file of ``templates/``.
        block: Where htmx asks, only this block of the template is sent.
        status: 422 for a form that comes back with complaints.
        values: What the template is told; a name that it uses and is not given is an error.
    """
    person, path = person_of(request), request.url.path
    told = notice_in(request)
    known: dict[str, object] = {
        "person": person,
        "csrf": person.csrf if person else "",
        "notice": told,
        "navigation": NAVIGATION,
        "current": current(path),
        "path": path,
    }
    page = _ENVIRONMENT.get_template(template)
    if block and wants_part(request):
        text = "".join(page.blocks[block](page.new_context({**known, **values})))
        return Response(text, status_code=status, headers=dict(PAGE_HEADERS), media_type="text/html")
    return Response(
        page.render({**known, **values}),
        status_code=status,
        headers=dict(PAGE_HEADERS),
        cookies=[said(request)] if told else [],
        media_type="text/html",
    )


def confirmation(request: AnyRequest, *, title: str, text: str, action: str, verb: str, back: str) -> Response[str]:
    """
    Ask before something that cannot be undone: in a dialog where htmx asks, else on a page of its own.

    Args:
        request: What is answered.
        title: The question, such as ``Revoke the key shop?``.
        text: What will happen.
        action: The path that the form is posted to.
        verb: The word on the button.
        back: Where to go instead.
    """
    return render(request, "confirm.html", block="dialog", title=title, text=text, action=action, verb=verb, back=back)


def wants_part(request: AnyRequest) -> bool:
    """Whether htmx asks for a part of a page, and not for a page to show again when somebody goes back."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"


def go(request: AnyRequest, path: str, *, done: str = "", problem: str = "") -> Response[object] | Redirect:
    """
    Send the browser to another page, after a form or instead of a page.

    Args:
        request: What is answered.
        path: A path of this server.
        done: A sentence that the page says once, such as ``Key revoked``; never a secret.
        problem: The same, for what did not go well.
    """
    text = problem or done
    cookies = [notice(request, text, kind="problem" if problem else "done")] if text else []
    if wants_part(request):
        return Response(
            None,
            status_code=204,
            headers={**PAGE_HEADERS, "hx-redirect": path},
            cookies=cookies,
            media_type="text/html",
        )
    return Redirect(path, status_code=303, headers=dict(PAGE_HEADERS), cookies=cookies)


def _asset(name: str) -> str:
    return f"/console/assets/{name}"


def _module(name: str) -> Markup:
    """The TypeScript of a page, ``sdk/console/pages/NAME.ts``."""
    return Markup('<script type="module" src="{}"></script>').format(_asset(f"{name}.js"))


@pass_context
def _csrf_field(context: Context) -> Markup:
    """The hidden field of every form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, context["csrf"])


@pass_context
def _csrf_headers(context: Context) -> str:
    """What htmx sends along with everything, for the attribute ``hx-headers``."""
    return json.dumps({CSRF_HEADER: context["csrf"]})


def _when(moment: datetime | None, otherwise: str = "never") -> Markup:
    """A point in time: in UTC, until a script writes it in the reader's own zone."""
    if moment is None:
        return escape(otherwise)
    return Markup('<time datetime="{}" data-time>{} UTC</time>').format(iso(moment), f"{moment:%Y-%m-%d %H:%M}")


def _duration(seconds: float | None) -> str:
    """A length such as ``4:05`` or ``1:02:03``."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _count(number: int, noun: str, plural: str = "") -> str:
    """``1 call``, ``1,234 calls``."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def _attributes(given: Mapping[str, object]) -> Markup:
    """Attributes of an element: true ones without a value, and none for what is false or not there."""
    return Markup("").join(
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
        for name, value in given.items()
        if value is not False and value is not None
    )


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "asset": _asset,
        "module": _module,
        "csrf_field": _csrf_field,
        "csrf_headers": _csrf_headers,
        "htmx_config": json.dumps(_HTMX),
    }
    made.filters |= {"when": _when, "attributes": _attributes, "duration": _duration, "count": _count}
    made.filters |= {"wait": amounts.wait, "size": amounts.size, "uptime": amounts.uptime}
    # Known everywhere: what a template imports at its top is not there in a block that is rendered alone.
    made.globals["icon"] = made.get_template("icons.html").module.icon  # type: ignore[attr-defined]
    made.globals["ui"] = made.get_template("parts.html").module
    return made


_ENVIRONMENT = _environment()
