"""Request bodies: JSON objects, or a refusal that says what is wrong."""

from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import SerializationException

from vivavoce.errors import Refused
from vivavoce.server.answers import MOST_BYTES, AnyRequest

__all__ = ["MOST_BYTES", "ApiRequest", "read_object", "text_field"]


class ApiRequest(Request[Any, Any, Any]):
    """A request whose body, where a handler wants it typed, is refused in our words if it cannot be read."""

    async def json(self) -> Any:
        """
        The body as JSON.

        Raises:
            Refused: 400 for what is none, for bytes that are no UTF-8, and for a nest of brackets.
        """
        try:
            return await super().json()
        except (SerializationException, UnicodeDecodeError, RecursionError) as error:
            raise Refused(400, "The body is not valid JSON") from error


async def read_object(request: AnyRequest) -> dict[str, object]:
    """
    The body as a JSON object; an empty body counts as an empty object.

    Raises:
        Refused: 400 for anything else.
    """
    body = await request.body()
    if not body.strip():
        return {}
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except msgspec.ValidationError as error:
        raise Refused(400, "The body must be a JSON object") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, "The body is not valid JSON") from error


def text_field(body: dict[str, object], name: str) -> str:
    """
    A field that must be there and must be text.

    Raises:
        Refused: 400 in the API's words, such as ``agent_id: Required``.
    """
    value = body.get(name)
    if value is None or value == "":
        raise Refused(400, f"{name}: Required")
    if not isinstance(value, str):
        raise Refused(400, f"{name}: Expected string")
    return value
