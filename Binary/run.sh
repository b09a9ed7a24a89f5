#!/bin/sh
# A guided start: shows the cameras, asks for one, and tracks with a preview.
cd "$(dirname "$0")" || exit 1
program=./facetracker
[ -x "$program" ] || program=facetracker # in a checkout: the installed one

ask() { # question, answer when only Enter is pressed; ends the script at the end of the input
    printf '%s [%s] ' "$1" "$2"
    read -r answer || { echo; exit 0; }
    [ -n "$answer" ] || answer=$2
}

cameras=$("$program" --list-cameras 1) || exit $?
if [ "$(printf '%s\n' "$cameras" | wc -l)" -gt 1 ]; then
    printf '%s\n' "$cameras"
    ask "Which camera (number, or demo for the built-in face)?" 0
    camera=$answer
else
    echo "No camera was found."
    ask "Track the built-in demo face instead (y/n)?" y
    case $answer in [Yy]*) camera=demo ;; *) exit 0 ;; esac
fi
ask "Send to which address?" 127.0.0.1
host=$answer
ask "... and port?" 11573

set -- --capture "$camera" --ip "$host" --port "$answer" --width 1280 --height 720 --fps 30 "$@"
if [ "$(uname)" = Darwin ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    echo "Press q in the window, or Ctrl-C here, to end."
    exec "$program" "$@" --visualize 3 --pnp-points 1
fi
echo "There is no display for a preview. Press Ctrl-C to end."
exec "$program" "$@"
