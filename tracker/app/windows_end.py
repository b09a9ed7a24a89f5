"""Windows' ways of ending a program: the console is closed, the user signs out, Windows shuts down.

Windows ends the process as soon as the function that it tells this to returns. So that function only requests the stop,
and then waits while the main thread completes files and ends the process itself.

There are two such functions. The handler of console events hears of a closed console, and in a program without
user32.dll also of signing out and shutting down. OpenCV loads user32.dll, and then only a window hears of these two;
ours is never shown. It also hears ``taskkill`` without ``/F``.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

REASONS = {2: "the console was closed", 5: "the user signed out", 6: "Windows shuts down"}
"""CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT and CTRL_SHUTDOWN_EVENT. Ctrl-C and Ctrl-Break (0 and 1) are signals."""
WINDOW_CLASS = "facetracker end of session"
_WM_DESTROY, _WM_CLOSE, _WM_QUERYENDSESSION, _WM_ENDSESSION = 0x0002, 0x0010, 0x0011, 0x0016
_ENDSESSION_LOGOFF = 0x80000000
WAIT_S = 20.0
"""Windows itself waits 5 seconds for a console program; this only ends a wait that nobody will end."""


def answer_to_event(event: int, request: Callable[[str], object], wait: Callable[[], object]) -> bool:
    """Handle a console event; whether it is ours. request: asks for the stop. wait: until the process ends."""
    reason = REASONS.get(event)
    if reason is None:
        return False
    request(reason)
    wait()
    return True


def answer_to_message(
    message: int, w_param: int, l_param: int, request: Callable[[str], object], wait: Callable[[], object]
) -> int | None:
    """The result of a window message; None where Windows' own answer is right."""
    if message == _WM_QUERYENDSESSION:
        return 1  # we do not object, and are told once nobody else does either
    if message == _WM_ENDSESSION:
        if w_param:
            request(REASONS[5] if l_param & _ENDSESSION_LOGOFF else REASONS[6])
            wait()
        return 0
    if message == _WM_CLOSE:
        request("asked to close")
        return 0
    return None


@contextmanager
def stopping_with_windows(request: Callable[[str], object], to_the_end: bool = False) -> Iterator[None]:
    """Within the block, the end of the console or session only requests a stop, and gives it time. Else nothing.

    to_the_end: the process ends after the block, and is waited for after it as well. For the main thread.
    """
    if sys.platform == "win32":
        with _answering(request, to_the_end):
            yield
    else:
        yield


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes
    from typing import Any, ClassVar

    _user32 = ctypes.WinDLL("user32", use_last_error=True)
    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _Handler = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)
    _Procedure = ctypes.WINFUNCTYPE(ctypes.c_ssize_t, wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
    _user32.DefWindowProcW.argtypes = [wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM]
    _user32.DefWindowProcW.restype = ctypes.c_ssize_t
    _user32.CreateWindowExW.restype = wintypes.HWND
    _user32.CreateWindowExW.argtypes = [
        *(wintypes.DWORD, wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.DWORD),
        *(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int),
        *(wintypes.HWND, wintypes.HMENU, wintypes.HINSTANCE, wintypes.LPVOID),
    ]
    _user32.PostMessageW.argtypes = [wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM]
    _user32.GetMessageW.argtypes = [ctypes.POINTER(wintypes.MSG), wintypes.HWND, wintypes.UINT, wintypes.UINT]
    _user32.DispatchMessageW.argtypes = [ctypes.POINTER(wintypes.MSG)]
    _user32.UnregisterClassW.argtypes = [wintypes.LPCWSTR, wintypes.HINSTANCE]
    _user32.DestroyWindow.argtypes = [wintypes.HWND]
    _kernel32.GetModuleHandleW.argtypes = [wintypes.LPCWSTR]
    _kernel32.GetModuleHandleW.restype = wintypes.HMODULE
    _kernel32.SetConsoleCtrlHandler.argtypes = [_Handler, wintypes.BOOL]

    class _WindowClass(ctypes.Structure):
        """WNDCLASSW"""

        _fields_: ClassVar[Any] = [
            ("style", wintypes.UINT),
            ("procedure", _Procedure),
            ("class_extra", ctypes.c_int),
            ("window_extra", ctypes.c_int),
            ("instance", wintypes.HINSTANCE),
            ("icon", wintypes.HANDLE),
            ("cursor", wintypes.HANDLE),
            ("background", wintypes.HANDLE),
            ("menu_name", wintypes.LPCWSTR),
            ("class_name", wintypes.LPCWSTR),
        ]

    @contextmanager
    def _answering(request: Callable[[str], object], to_the_end: bool) -> Iterator[None]:
        over = threading.Event()

        def ask(reason: str) -> None:
            if over.is_set() and to_the_end:
                os._exit(0)  # everything is closed; a window that shows an error waits for a key
            request(reason)

        def wait() -> None:
            # What calls us is a thread of Windows'. `threading` has to know of it: then facetracker.main() does not let
            # the interpreter take itself down under it.
            threading.current_thread()
            if to_the_end:
                time.sleep(WAIT_S)
            else:
                over.wait(WAIT_S)

        remove_handler = _add_console_handler(lambda event: answer_to_event(event, ask, wait))
        window = SessionWindow(lambda *message: answer_to_message(*message, ask, wait))
        try:
            yield
        except BaseException:  # --help and --version: the interpreter ends by itself, with no thread of ours left
            to_the_end = False
            raise
        finally:
            over.set()
            if not to_the_end:
                remove_handler()
                window.close()

    def _add_console_handler(answer: Callable[[int], bool]) -> Callable[[], object]:
        """The last handler added is the first that Windows calls. Returns what removes it."""
        handler = _Handler(answer)
        _handlers.append(handler)  # Windows may call it until the process is gone
        _kernel32.SetConsoleCtrlHandler(handler, True)
        return lambda: _kernel32.SetConsoleCtrlHandler(handler, False)

    _handlers: list[Any] = []

    class SessionWindow:
        """A window that is never shown, with a thread for its messages."""

        def __init__(self, answer: Callable[[int, int, int], int | None]) -> None:
            """answer: given message, wParam and lParam, its result; None for Windows' own."""
            self._answer = answer
            self._handle: int | None = None
            self._made = threading.Event()
            self._thread = threading.Thread(target=self._run, name="end of session", daemon=True)
            self._thread.start()
            self._made.wait(1.0)

        def close(self) -> None:
            """Remove the window, unless it waits for the end of the process."""
            if self._handle:
                _user32.PostMessageW(self._handle, _CLOSE_OURSELVES, 0, 0)
                self._thread.join(0.5)

        def _run(self) -> None:
            procedure = _Procedure(self._procedure)
            instance = _kernel32.GetModuleHandleW(None)
            # A class of its own for each: the name stays free for the next one, which has another procedure.
            name = f"{WINDOW_CLASS} {id(self)}"
            window_class = _WindowClass(procedure=procedure, instance=instance, class_name=name)
            if _user32.RegisterClassW(ctypes.byref(window_class)):
                self._handle = _user32.CreateWindowExW(0, name, WINDOW_CLASS, 0, 0, 0, 0, 0, None, None, instance, None)
            self._made.set()
            if not self._handle:  # a service has no desktop
                logger.debug("no window hears of the session's end: error %d", ctypes.get_last_error())
                return
            message = wintypes.MSG()
            while _user32.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
                _user32.DispatchMessageW(ctypes.byref(message))
            _user32.UnregisterClassW(name, instance)

        def _procedure(self, handle: int, message: int, w_param: int, l_param: int) -> int:
            if message == _CLOSE_OURSELVES:
                _user32.DestroyWindow(handle)
                return 0
            if message == _WM_DESTROY:
                _user32.PostQuitMessage(0)
                return 0
            result = self._answer(message, w_param, l_param)
            return int(_user32.DefWindowProcW(handle, message, w_param, l_param)) if result is None else result

    _CLOSE_OURSELVES = 0x0400  # WM_USER
