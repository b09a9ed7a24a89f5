@echo off
rem A guided start: shows the cameras, asks for one, and tracks with a preview.
setlocal
rem Unlike cd, pushd can enter a network folder (\\server\share): it gives it a drive letter.
pushd "%~dp0" || exit /b 1
set "found="
set "code=0"
for /f "delims=" %%c in ('.\facetracker.exe --list-cameras 2') do set "found=1"
if not defined found goto none

.\facetracker.exe --list-cameras 1
set "camera=0"
set /p "camera=Which camera (number, or demo for the built-in face)? [0] "
goto target

:none
echo No camera was found.
set "answer=y"
set /p "answer=Track the built-in demo face instead (y/n)? [y] "
if /i not "%answer:~0,1%"=="y" goto end
set "camera=demo"

:target
set "host=127.0.0.1"
set /p "host=Send to which address? [127.0.0.1] "
set "port=11573"
set /p "port=... and port? [11573] "
echo Press q in the window, or Ctrl-C here, to end.
.\facetracker.exe --capture "%camera%" --ip "%host%" --port %port% --width 1280 --height 720 --fps 30 --visualize 3 --pnp-points 1 %*
set "code=%errorlevel%"
if not "%code%"=="0" echo facetracker ended with exit code %code%.
pause

:end
popd
exit /b %code%
