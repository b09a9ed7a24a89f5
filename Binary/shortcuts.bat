@echo off
rem Shortcuts to the launcher's page. shortcuts.bat: in the start menu and on the desktop. shortcuts.bat autostart: starts
rem it whenever you sign in, without opening the browser. shortcuts.bat remove: takes all of them away.
rem Nothing else is changed: what these are is three files that you may delete by hand.
"%~dp0facetracker-launcher.exe" shortcuts %*
