"""Values on the wire: what may be sent is checked here before it leaves, what arrives before it is believed.

Octets are a JSON string when they are UTF-8 (and shorter that way), else {"base64": ...}. Integers keep within
2^53 - 1. A message has at most 32 levels, 50 000 values and 1 MiB, as the kernel's own bounds.
"""

from __future__ import annotations

import abc
import base64
import binascii
import dataclasses
import json
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, TypeVar, Union

T = TypeVar("T")
BytesLike = Union[bytes, bytearray, memoryview, str]

LINE_BYTES_MAX = 1 << 20
DEPTH_MAX = 30  # of a request's fields; the message around them has two levels
VALUES_MAX = 49_990  # of a request's fields; the message around them has a few
INTEGER_MAX = (1 << 53) - 1


class AgentOSError(Exception):
    """What the kernel answered instead of a reply. Each error of the table is a subclass.

    code: its number in the table; name: its word there. rule and reason: what policy said, when it was policy.
    hint: how to mend it. retry and approval: whether and how it may be asked again, when the kernel said so.
    """

    code: int = -125
    name: str = "internal"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        rule: str = "",
        reason: str = "",
        retry: Any = None,
        approval: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.rule = rule
        self.reason = reason
        self.retry = retry
        self.approval = approval

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ProtocolError(AgentOSError):
    """The other end sent what no kernel sends."""

    code = -126
    name = "malformed"


class Unsendable(AgentOSError):
    """A request that cannot be put on the wire; nothing was sent."""

    code = -100
    name = "invalid_argument"


class Caller(abc.ABC):
    """Something that makes calls; the generated methods build on it."""

    @abc.abstractmethod
    def call(self, name: str, fields: Mapping[str, Any], descriptors: Sequence[int] = ()) -> Dict[str, Any]:
        """Makes the call and gives its reply's fields, undecoded."""

    @abc.abstractmethod
    def call_for_descriptor(self, name: str, fields: Mapping[str, Any]) -> Tuple[Dict[str, Any], int]:
        """Makes a call whose reply brings a descriptor, which the caller of this then owns."""


class AsyncCaller(abc.ABC):
    """The same, awaitable."""

    @abc.abstractmethod
    async def call(self, name: str, fields: Mapping[str, Any], descriptors: Sequence[int] = ()) -> Dict[str, Any]:
        """Makes the call and gives its reply's fields, undecoded."""

    @abc.abstractmethod
    async def call_for_descriptor(self, name: str, fields: Mapping[str, Any]) -> Tuple[Dict[str, Any], int]:
        """Makes a call whose reply brings a descriptor, which the caller of this then owns."""


def encode_octets(octets: BytesLike) -> Union[str, Dict[str, str]]:
    """Octets as a JSON value."""
    if isinstance(octets, str):
        return octets
    content = bytes(octets)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        if _escaped_size(content) <= (len(content) + 2) // 3 * 4 + 12:
            return text
    return {"base64": base64.b64encode(content).decode("ascii")}


_SHORT_ESCAPES = b'"\\\b\t\n\f\r'
_LONG_ESCAPES = bytes(octet for octet in range(0x20) if octet not in _SHORT_ESCAPES)


def _escaped_size(content: bytes) -> int:
    short = len(content) - len(content.translate(None, _SHORT_ESCAPES))
    long = len(content) - len(content.translate(None, _LONG_ESCAPES))
    return len(content) + short + 5 * long


def decode_octets(value: Any) -> bytes:
    """The octets a JSON value stands for."""
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, dict) and list(value) == ["base64"] and isinstance(value["base64"], str):
        try:
            return base64.b64decode(value["base64"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise ProtocolError(f"octets are not valid base64: {error}") from None
    raise ProtocolError("octets must be text or {\"base64\": ...}")


class _Bounds:
    """Counts what is encoded, so that a message the kernel could not read is refused here, by name."""

    def __init__(self) -> None:
        self.values = 0

    def encode(self, value: Any, depth: int) -> Any:
        self.values += 1
        if self.values > VALUES_MAX:
            raise Unsendable(f"a request holds at most {VALUES_MAX} values", hint="send less at once")
        if depth > DEPTH_MAX:
            raise Unsendable(f"a request is at most {DEPTH_MAX} levels deep", hint="nest less")
        if value is None or isinstance(value, (bool, str, float)):
            return value
        if isinstance(value, int):
            if abs(value) > INTEGER_MAX:
                raise Unsendable(f"the integer {value} is beyond 2^53 - 1", hint="send it as text")
            return int(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return encode_octets(value)
        if isinstance(value, Mapping):
            return {self.key(name): self.encode(item, depth + 1) for name, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.encode(item, depth + 1) for item in value]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            members = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return {name: self.encode(item, depth + 1) for name, item in members.items() if item is not None}
        raise Unsendable(f"a {type(value).__name__} has no JSON form")

    @staticmethod
    def key(name: Any) -> str:
        if not isinstance(name, str):
            raise Unsendable(f"a JSON object is keyed by text, not by {type(name).__name__}")
        return name


def request(**fields: Any) -> Dict[str, Any]:
    """The fields of a request: what is None is left out; a trailing underscore only keeps clear of Python's words."""
    return {name.rstrip("_"): value for name, value in fields.items() if value is not None}


def line_of(message: Mapping[str, Any]) -> bytes:
    """One message as its line, newline included."""
    try:
        text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        line = text.encode("utf-8")
    except UnicodeEncodeError:
        raise Unsendable("text holds a lone surrogate, which has no UTF-8 form", hint="send it as bytes") from None
    except ValueError as error:
        raise Unsendable(f"a number has no JSON form: {error}") from None
    if len(line) > LINE_BYTES_MAX:
        raise Unsendable(f"a message is at most {LINE_BYTES_MAX} octets, this has {len(line)}", hint="send it in ranges")
    return line + b"\n"


def request_line(identifier: int, name: str, fields: Mapping[str, Any]) -> bytes:
    """A request as its line."""
    params = _Bounds().encode(fields, 1)
    return line_of({"jsonrpc": "2.0", "id": identifier, "method": name, "params": params})


def as_object(value: Any) -> Dict[str, Any]:
    if not isinstance(value, dict):
        raise ProtocolError("a JSON object was expected")
    return value


def as_boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ProtocolError("true or false was expected")
    return value


def as_integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ProtocolError("an integer was expected")
    return value


def as_number(value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise ProtocolError("a number was expected")
    return float(value)


def as_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ProtocolError("text was expected")
    return value


def as_bytes(value: Any) -> bytes:
    return decode_octets(value)


def as_json(value: Any) -> Any:
    return value


def list_of(read: Callable[[Any], T]) -> Callable[[Any], List[T]]:
    """A reader of lists whose items `read` reads."""

    def read_list(value: Any) -> List[T]:
        if not isinstance(value, list):
            raise ProtocolError("a list was expected")
        return [read(item) for item in value]

    return read_list


def member(members: Mapping[str, Any], name: str, read: Callable[[Any], T]) -> T:
    """The member of that name, which must be there."""
    if name not in members:
        raise ProtocolError(f'the reply lacks "{name}"')
    try:
        return read(members[name])
    except ProtocolError as error:
        raise ProtocolError(f'"{name}" of the reply: {error.message}') from None


def optional_member(members: Mapping[str, Any], name: str, read: Callable[[Any], T]) -> Optional[T]:
    """The member of that name, or None."""
    return member(members, name, read) if name in members else None
