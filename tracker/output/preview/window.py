"""The preview window: results drawn onto the live image."""

from __future__ import annotations

from typing import Any

import cv2

from tracker.errors import SettingsError
from tracker.output.preview.display import require_display
from tracker.output.preview.drawing import draw_faces
from tracker.types import Frame, FrameResult

TITLE = "facetracker"


class PreviewWindow:
    """A window that the user closes with its button or by pressing q. Use it from the main thread only.

    visualize and pnp_points: what is drawn, see `draw_faces`. gui: OpenCV's window functions.
    Raises SettingsError when there is no display, or this OpenCV was built without windows.
    """

    name = "preview"

    def __init__(self, visualize: int, pnp_points: int = 0, gui: Any = cv2) -> None:
        if gui is cv2:
            require_display()
        self._visualize = visualize
        self._pnp_points = pnp_points
        self._gui = gui
        self._open = False
        self._was_visible = False
        self.quit_by_key = False
        self.was_closed = False
        try:
            gui.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE)
        except cv2.error as error:
            raise SettingsError(
                "a preview needs windows, but this OpenCV was built without them: "
                "install opencv-python instead of opencv-python-headless, or omit --visualize"
            ) from error
        self._open = True

    @property
    def wants_to_quit(self) -> bool:
        """Whether the user pressed q or closed the window."""
        return self.quit_by_key or self.was_closed

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Show a frame and process the window's events."""
        picture = frame.bgr.copy()
        draw_faces(picture, result, self._visualize, self._pnp_points)
        # Checked before showing, which would reopen a closed window. Only a window that was visible can have been
        # closed: some systems show it with its first image.
        is_visible = self._gui.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1
        self.was_closed = self.was_closed or (self._was_visible and not is_visible)
        self._was_visible = self._was_visible or is_visible
        if not self.wants_to_quit:
            self._gui.imshow(TITLE, picture)
        self.pump()

    def pump(self) -> None:
        """Process the window's events; call it regularly, even while there are no frames."""
        if self._gui.waitKey(1) & 0xFF == ord("q"):
            self.quit_by_key = True

    def close(self) -> None:
        """Close the window. Safe to call twice."""
        if self._open:
            self._open = False
            if not self.was_closed:
                self._gui.destroyWindow(TITLE)
                self._gui.waitKey(1)  # some systems close it only when events are processed once more
