"""The one hand-off between threads: a bounded queue that drops the oldest item or blocks the producer."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class HandoffQueue(Generic[Item]):
    """A bounded queue from producers to one consumer.

    newest_wins: what happens when the queue is full. True drops the oldest item, so that a slow consumer works on
        fresh ones (live sources); False blocks the producer, so that nothing is lost (files).
    """

    def __init__(self, size: int = 1, *, newest_wins: bool = True) -> None:
        self.dropped = 0
        """Number of items dropped in favour of newer ones."""
        self._size = size
        self._newest_wins = newest_wins
        self._items: deque[Item] = deque()
        self._closed = False
        self._failure: BaseException | None = None
        self._changed = threading.Condition()

    @classmethod
    def for_source(cls, is_live: bool) -> HandoffQueue[Item]:
        """One slot for a live source; for a file a few, to decode ahead without holding many frames in memory."""
        return cls(1) if is_live else cls(4, newest_wins=False)

    def put(self, item: Item) -> bool:
        """Append `item`; False, without doing so, once the queue is closed."""
        with self._changed:
            if not self._newest_wins:
                self._changed.wait_for(lambda: len(self._items) < self._size or self._closed)
            if self._closed:
                return False
            if len(self._items) >= self._size:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify_all()
            return True

    def take(self, timeout_s: float | None = None) -> Item | None:
        """Remove and return the oldest item, waiting for one at most `timeout_s` seconds (None: without limit).

        Returns None when none came in time or the queue has `ended`. Raises the error given to `close`, after the
        last item.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed, timeout_s)
            if self._items:
                item = self._items.popleft()
                self._changed.notify_all()
                return item
            if self._failure is not None:
                raise self._failure
            return None

    def __len__(self) -> int:
        return len(self._items)

    @property
    def ended(self) -> bool:
        """Whether the queue is closed and empty."""
        with self._changed:
            return self._closed and not self._items

    def close(self, failure: BaseException | None = None) -> None:
        """Accept no more items and wake everyone who waits. Items in the queue can still be taken.

        failure: why there will be no more; raised by `take` after the last item. Only the first call counts.
        """
        with self._changed:
            if not self._closed:
                self._closed = True
                self._failure = failure
                self._changed.notify_all()
