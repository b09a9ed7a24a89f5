"""What tests on Windows need of its processes, consoles and windows."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

STILL_RUNNING = 259
WM_CLOSE, WM_ENDSESSION, LOGOFF = 0x0010, 0x0016, 0x80000000

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    user32 = ctypes.WinDLL("user32", use_last_error=True)
    user32.SendMessageTimeoutW.argtypes = [
        *(wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM, wintypes.UINT, wintypes.UINT),
        ctypes.POINTER(ctypes.c_size_t),
    ]
    user32.PostMessageW.argtypes = [wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM]

    def in_wine() -> bool:
        """Whether this is Wine, which lacks some of Windows."""
        return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")

    def window_of(pid: int, text: str) -> int | None:
        """The top window of a process with that text, shown or not."""
        found: list[int] = []

        def look(handle: int, _: int) -> bool:
            owner = wintypes.DWORD()
            user32.GetWindowThreadProcessId(wintypes.HWND(handle), ctypes.byref(owner))
            words = ctypes.create_unicode_buffer(200)
            user32.GetWindowTextW(wintypes.HWND(handle), words, 200)
            if owner.value == pid and words.value == text:
                found.append(handle)
            return True

        each = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)(look)
        user32.EnumWindows(each, 0)
        return found[0] if found else None

    def send(window: int, message: int, w_param: int = 0, l_param: int = 0, limit_s: float = 10.0) -> None:
        """Send a message as Windows does, and wait for its answer or the end of who should give it."""
        abort_if_hung, answer = 2, ctypes.c_size_t()
        user32.SendMessageTimeoutW(
            window, message, w_param, l_param, abort_if_hung, int(limit_s * 1000), ctypes.byref(answer)
        )

    def post(window: int, message: int) -> None:
        """Leave a message for a window."""
        user32.PostMessageW(window, message, 0, 0)

    # Run in a process of its own: it has to leave its console to enter another.
    CTRL_C = """
import ctypes, sys
kernel32 = ctypes.WinDLL("kernel32")
kernel32.FreeConsole()
assert kernel32.AttachConsole(int(sys.argv[1]))
kernel32.SetConsoleCtrlHandler(None, True)
assert kernel32.GenerateConsoleCtrlEvent(0, 0)
"""

    kernel32.OpenProcess.restype = wintypes.HANDLE
    kernel32.CloseHandle.argtypes = [wintypes.HANDLE]
    kernel32.CreateRemoteThread.restype = wintypes.HANDLE
    kernel32.CreateRemoteThread.argtypes = [
        *(wintypes.HANDLE, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p),
        *(ctypes.c_void_p, wintypes.DWORD, ctypes.c_void_p),
    ]

    def console_event(pid: int, event: int) -> None:
        """Have the console tell that process of an event, as Windows does: a thread in it runs CtrlRoutine.

        Wine 8 closes a console's window without telling; the rest of the way is the same.
        """
        routine = ctypes.cast(ctypes.WinDLL("kernelbase").CtrlRoutine, ctypes.c_void_p)
        every_right = 0x1F0FFF
        process = kernel32.OpenProcess(every_right, False, pid)
        assert kernel32.CreateRemoteThread(process, None, 0, routine, event, 0, None)
        kernel32.CloseHandle(process)

    def press_ctrl_c(pid: int) -> None:
        """In the console of that process, for everybody on it."""
        subprocess.run([sys.executable, "-c", CTRL_C, str(pid)], check=True, timeout=60)


def until(condition: Callable[[], object], limit_s: float = 60.0) -> None:
    """Wait. Fails after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
