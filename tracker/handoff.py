"""The one hand-off between threads: a bounded queue that drops the oldest item or blocks the producer."""

from __future__ import annotations

import threading
import time
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
        self._lock = threading.Lock()
        # Released while something new may be there. To wait for a lock takes one call into the interpreter; a condition
        # takes some twenty functions, a hundredth of what a frame costs at a camera's pace.
        self._news = threading.Lock()
        self._news.acquire()
        self._taken = threading.Condition(self._lock)

    @classmethod
    def for_source(cls, is_live: bool) -> HandoffQueue[Item]:
        """One slot for a live source; for a file a few, to decode ahead without holding many frames in memory."""
        return cls(1) if is_live else cls(4, newest_wins=False)

    def put(self, item: Item) -> bool:
        """Append `item`; False, without doing so, once the queue is closed."""
        with self._lock:
            if not self._newest_wins:
                self._taken.wait_for(lambda: len(self._items) < self._size or self._closed)
            if self._closed:
                return False
            if len(self._items) >= self._size:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._wake_consumer()
            return True

    def take(self, timeout_s: float | None = None) -> Item | None:
        """Remove and return the oldest item, waiting for one at most `timeout_s` seconds (None: without limit).

        Returns None when none came in time or the queue has `ended`. Raises the error given to `close`, after the
        last item.
        """
        until_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            with self._lock:
                if self._items:
                    item = self._items.popleft()
                    if not self._newest_wins:
                        self._taken.notify_all()
                    return item
                if self._failure is not None:
                    raise self._failure
                if self._closed:
                    return None
            left_s = -1.0 if until_s is None else until_s - time.monotonic()
            if (until_s is not None and left_s <= 0) or not self._news.acquire(timeout=left_s):
                return None

    def _wake_consumer(self) -> None:
        """Call it with the lock held."""
        if self._news.locked():
            self._news.release()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def ended(self) -> bool:
        """Whether the queue is closed and empty."""
        with self._lock:
            return self._closed and not self._items

    def close(self, failure: BaseException | None = None) -> None:
        """Accept no more items and wake everyone who waits. Items in the queue can still be taken.

        failure: why there will be no more; raised by `take` after the last item. Only the first call counts.
        """
        with self._lock:
            if not self._closed:
                self._closed = True
                self._failure = failure
                self._wake_consumer()
                self._taken.notify_all()
