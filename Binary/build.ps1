# Builds dist\facetracker and its archive on Windows: powershell -ExecutionPolicy Bypass -File Binary\build.ps1
# $env:PYTHON chooses the interpreter (3.11 or newer).
$script = Join-Path $PSScriptRoot "build.py"
if ($env:PYTHON) { & $env:PYTHON $script @args } else { & py -3 $script @args }
exit $LASTEXITCODE
