"""x"""


def verify() -> None:
    "v"


def inspect() -> None:
    "i"
