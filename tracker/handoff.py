"""Hands frames from the capture thread to the tracking thread."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class HandoffQueue(Generic[Item]):
    """A queue between one giver and one taker.

    newest_wins: what is full lets its oldest item go, so that a slow taker works on fresh items (live sources);
        otherwise the giver waits for room, so that nothing is lost (files).
    """

    def __init__(self, size: int = 1, *, newest_wins: bool = True) -> None:
        self.dropped = 0
        """Items that gave way to newer ones."""
        self._size = size
        self._newest_wins = newest_wins
        self._items: deque[Item] = deque()
        self._closed = False
        self._changed = threading.Condition()

    @classmethod
    def for_source(cls, is_live: bool) -> HandoffQueue[Item]:
        """One slot for live sources; for files enough to decode ahead, little enough to stay small in memory."""
        return cls(1) if is_live else cls(4, newest_wins=False)

    def put(self, item: Item) -> None:
        """Give `item`; forgotten once the box is closed."""
        with self._changed:
            if not self._newest_wins:
                self._changed.wait_for(lambda: len(self._items) < self._size or self._closed)
            if self._closed:
                return
            if len(self._items) >= self._size:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify_all()

    def take(self, timeout_s: float) -> Item | None:
        """The oldest item, or None when none came in that time or none will come any more (see `ended`)."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed, timeout_s)
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    @property
    def ended(self) -> bool:
        """Whether it is closed and everything was taken."""
        with self._changed:
            return self._closed and not self._items

    def close(self) -> None:
        """No more items will come. Those inside can still be taken; a waiting giver goes on. Safe to call twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
