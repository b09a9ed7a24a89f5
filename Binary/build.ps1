# Builds dist\facetracker and its archive on Windows: powershell -ExecutionPolicy Bypass -File Binary\build.ps1
# $env:PYTHON chooses the interpreter (3.11 or newer).
$ErrorActionPreference = "Stop"
$script = Join-Path $PSScriptRoot "build.py"
$python = if ($env:PYTHON) { @($env:PYTHON) } else { @("py", "-3") }
if (-not (Get-Command $python[0] -ErrorAction SilentlyContinue)) {
    [Console]::Error.WriteLine("build: there is no $($python[0]); install Python 3.11 or newer, or name one in `$env:PYTHON")
    exit 1
}
$first, $rest = $python
& $first @rest $script @args
exit $LASTEXITCODE
