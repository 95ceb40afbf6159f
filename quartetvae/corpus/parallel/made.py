"""Sequences whose members are made when they are asked for: arguments for many calls, few of which are in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, overload

_Member = TypeVar("_Member")


@dataclass(frozen=True)
class Made(Sequence[_Member]):
    """A sequence whose members are made each time that they are asked for.

    >>> Made(3, lambda number: number**2)[1:]
    [1, 4]
    """

    size: int
    make: Callable[[int], _Member]
    """Of a number from 0 to `size` - 1."""

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, at: int) -> _Member: ...

    @overload
    def __getitem__(self, at: slice) -> list[_Member]: ...

    def __getitem__(self, at: int | slice) -> _Member | list[_Member]:
        if isinstance(at, slice):
            return [self.make(number) for number in range(self.size)[at]]
        return self.make(range(self.size)[at])
