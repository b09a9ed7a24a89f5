@echo off
rem Shortcuts to the launcher's page. shortcuts.bat: in the start menu and on the desktop. shortcuts.bat autostart: starts
rem it whenever you sign in, without opening the browser. shortcuts.bat remove: takes all of them away.
rem Nothing else is changed: what these are is three files that you may delete by hand.
setlocal
set "FACETRACKER_FOLDER=%~dp0"
set "action=%~1"
if not defined action set "action=add"
if /i "%action%"=="add" goto make
if /i "%action%"=="autostart" goto make
if /i "%action%"=="remove" goto make
echo shortcuts.bat: no such word: %action% (autostart, remove, or nothing)
exit /b 2

:make
set "FACETRACKER_ACTION=%action%"
powershell -NoProfile -Command "$s = New-Object -ComObject WScript.Shell; $f = $env:FACETRACKER_FOLDER; function path($w) { Join-Path $s.SpecialFolders.Item($w) 'facetracker.lnk' }; function add($w, $a, $style) { $l = $s.CreateShortcut((path $w)); $l.TargetPath = $f + 'facetracker-launcher.exe'; $l.Arguments = $a; $l.WorkingDirectory = $f; $l.WindowStyle = $style; $l.Description = 'Face tracker'; $l.Save() }; switch ($env:FACETRACKER_ACTION) { 'add' { add 'Programs' 'window' 7; add 'Desktop' 'window' 7 } 'autostart' { add 'Startup' 'window --no-browser' 7 } 'remove' { foreach ($w in 'Programs', 'Desktop', 'Startup') { if (Test-Path (path $w)) { Remove-Item (path $w) } } } }"
exit /b %errorlevel%
