"""Runs blocking functions without blocking the event loop or the end of the program."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


async def in_thread(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call `function` in a daemon thread; return or raise what it does.

    The end of the program waits for asyncio's own threads, even for one that hangs in a camera driver.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        result, error = None, None
        try:
            result = function(*arguments)
        except Exception as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed at the end
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name=f"window-{getattr(function, '__name__', 'work')}", daemon=True).start()
    return await future
