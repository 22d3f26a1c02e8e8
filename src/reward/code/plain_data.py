"""How arguments and results cross between the program and its tests: as JSON, never as code or objects.

JSON's own types stand for None, bool, str, float, int and list; the others are objects of one key. A value of any
other type stays where it is and crosses as {"object": number}, by which it can be handed back.
"""
import decimal
import fractions
import json
import math
import re
import struct

MAX_BYTES = 16 << 20  # of one message
MAX_INT_BITS = 1 << 12  # in JSON's decimal form; larger ones cross in hexadecimal
MAX_HEX = 1 << 18  # digits of such a one
MAX_NUMBER = 1 << 12  # characters of a fraction or decimal

SEQUENCES = {tuple: "tuple", set: "set", frozenset: "frozenset"}
NUMBERS = {fractions.Fraction: "fraction", decimal.Decimal: "decimal"}


def base_of(value):
    """The plain type that `value` is one of, or None: a subclass crosses as what it is built on."""
    for plain in (bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset,
                  fractions.Fraction, decimal.Decimal):
        if isinstance(value, plain):
            return plain
    return None


def pack(value, keep):
    """`keep(value)` is the number of a value that stays."""
    if value is None:
        return None
    kind = base_of(value)
    if kind is bool:
        return bool(value)
    if kind is int:
        value = int.__index__(value)
        return value if value.bit_length() < MAX_INT_BITS else {"int": hex(value)}
    if kind is float:
        value = float.__float__(value)
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind is str:
        return str.__str__(value)
    if kind is list:
        return [pack(item, keep) for item in list.__iter__(value)]
    if kind in SEQUENCES:
        return {SEQUENCES[kind]: [pack(item, keep) for item in kind.__iter__(value)]}
    if kind is dict:
        return {"dict": [[pack(key, keep), pack(item, keep)] for key, item in dict.items(value)]}
    if kind in (bytes, bytearray):
        return {kind.__name__: bytes(value).hex()}
    if kind is complex:
        return {"complex": [pack(value.real, keep), pack(value.imag, keep)]}
    if kind in NUMBERS:
        return {NUMBERS[kind]: str(value)}
    return {"object": keep(value)}


def whole(data):
    if len(data) > MAX_HEX:
        raise ValueError("a number is too long")
    return int(data, 16)


def fraction(data):
    """Only numerator and denominator: 1e99999999 would be computed."""
    if len(data) > MAX_NUMBER or not re.fullmatch(r"-?[0-9]+(/[0-9]+)?", data):
        raise ValueError("that is no fraction")
    return fractions.Fraction(data)


def number(data):
    if len(data) > MAX_NUMBER:
        raise ValueError("a number is too long")
    value = decimal.Decimal(data)
    if value.is_finite() and abs(value.adjusted()) > MAX_NUMBER:
        raise ValueError("a number is too large")
    return value


UNPACK = {
    "tuple": lambda data, find: tuple(unpack(item, find) for item in data),
    "set": lambda data, find: {unpack(item, find) for item in data},
    "frozenset": lambda data, find: frozenset(unpack(item, find) for item in data),
    "dict": lambda data, find: {unpack(key, find): unpack(item, find) for key, item in data},
    "int": lambda data, find: whole(data),
    "float": lambda data, find: float(data),
    "bytes": lambda data, find: bytes.fromhex(data),
    "bytearray": lambda data, find: bytearray.fromhex(data),
    "complex": lambda data, find: complex(*(unpack(part, find) for part in data)),
    "fraction": lambda data, find: fraction(data),
    "decimal": lambda data, find: number(data),
    "object": lambda data, find: find(data),
}


def unpack(data, find):
    """`find(number)` is what stands for a value that stayed. Any exception: not data of ours."""
    if isinstance(data, list):
        return [unpack(item, find) for item in data]
    if isinstance(data, dict):
        (key, item), = data.items()
        return UNPACK[key](item, find)
    return data


class TooLarge(Exception):
    pass


class Wire:
    """Messages over a stream socket: four bytes of length, then JSON."""

    def __init__(self, stream):
        self.stream = stream

    def send(self, message):
        body = json.dumps(message).encode()
        if len(body) > MAX_BYTES:
            raise TooLarge(f"more than {MAX_BYTES >> 20} MiB")
        self.stream.sendall(struct.pack("<I", len(body)) + body)

    def receive(self):
        """None where the other side has ended."""
        head = self.read(4)
        if head is None:
            return None
        size, = struct.unpack("<I", head)
        if size > MAX_BYTES:
            raise TooLarge(f"more than {MAX_BYTES >> 20} MiB")
        body = self.read(size)
        return None if body is None else json.loads(body)

    def read(self, size):
        parts = []
        while size > 0:
            try:
                part = self.stream.recv(min(size, 1 << 20))
            except ConnectionError:
                return None
            if not part:
                return None
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
