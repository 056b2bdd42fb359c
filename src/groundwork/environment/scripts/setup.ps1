#requires -Version 5.1
# Makes .venv beside this file from requirements.lock, every download checked against its hash, and installs the
# project in place if there is a pyproject.toml. When nothing has changed since, it changes nothing.
# Where scripts are not allowed to run: powershell -ExecutionPolicy Bypass -File setup.ps1
#
# $env:PYTHON chooses the interpreter; $env:GROUNDWORK_BACKEND = 'uv' or 'pip' the installer.
# Wheels that no index has are looked for in the folder wheels.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$Here = $PSScriptRoot
$Venv = Join-Path $Here '.venv'
$Before = Join-Path $Here '.venv.before'
$Stamp = Join-Path $Venv 'setup.stamp'
$Lock = Join-Path $Here 'requirements.lock'
$Project = Join-Path $Here 'pyproject.toml'
$Wheels = Join-Path $Here 'wheels'
if ($env:OS -eq 'Windows_NT') {
    $Python = Join-Path (Join-Path $Venv 'Scripts') 'python.exe'
} else {
    $Python = Join-Path (Join-Path $Venv 'bin') 'python'
}

function Write-Step([string] $Message) {
    [Console]::Error.WriteLine("setup: $Message")
}

function Stop-Setup([string] $Message, [string] $Hint) {
    throw "$Message`nhint: $Hint"
}

# Whether a program runs and ends well; what it prints is nobody's business.
function Test-Program([string] $Program, [string[]] $Arguments) {
    $ErrorActionPreference = 'SilentlyContinue'
    $global:LASTEXITCODE = 1
    try { & $Program @Arguments *> $null } catch { return $false }
    return $global:LASTEXITCODE -eq 0
}

function Test-Project {
    return (Test-Path -LiteralPath $Project -PathType Leaf) -and
        ([IO.File]::ReadAllText($Project) -match '(?m)^\[project\]')
}

# What the environment is made of; the place belongs to it, since the programs of .venv carry it.
function Get-Ingredients {
    $Text = "$Here`n" + [IO.File]::ReadAllText($Lock)
    if (Test-Project) { $Text += [IO.File]::ReadAllText($Project) }
    return $Text
}

function Test-Ready {
    return (Test-Path -LiteralPath $Stamp -PathType Leaf) -and
        ((Get-Ingredients) -ceq [IO.File]::ReadAllText($Stamp)) -and
        (Test-Program $Python @('-I', '-c', 'pass'))
}

function Find-Python {
    $Question = 'import sys; sys.exit(sys.version_info < (3, @MINOR@))'
    if ($env:PYTHON) {
        if (-not (Test-Program $env:PYTHON @('-I', '-c', $Question))) {
            Stop-Setup "PYTHON=$env:PYTHON is no Python 3.@MINOR@ or later" 'name another, or unset it'
        }
        return $env:PYTHON
    }
    foreach ($Name in 'python3', 'python', 'py', 'python3.14', 'python3.13', 'python3.12', 'python3.11') {
        if (Test-Program $Name @('-I', '-c', $Question)) {
            return & $Name -I -c 'import sys; print(sys.executable)'
        }
    }
    Stop-Setup 'there is no Python 3.@MINOR@ or later on PATH' 'install one (python.org, or: uv python install)'
}

function Find-Backend {
    $Wanted = if ($env:GROUNDWORK_BACKEND) { $env:GROUNDWORK_BACKEND } else { 'auto' }
    if ($Wanted -notin 'auto', 'uv', 'pip') { Stop-Setup "there is no backend '$Wanted'" 'use auto, uv or pip' }
    if ($Wanted -eq 'pip') { return 'pip' }
    if (Test-Program 'uv' @('--version')) { return 'uv' }
    if ($Wanted -eq 'uv') { Stop-Setup 'uv was asked for, but there is none that runs on PATH' 'install uv, or use pip' }
    return 'pip'
}

function Invoke-Program([string] $Failure, [string] $Hint, [string] $Program, [string[]] $Arguments) {
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { Stop-Setup $Failure $Hint }
}

function Install-Packages([string] $Failure, [string[]] $Arguments) {
    if (Test-Path -LiteralPath $Wheels -PathType Container) { $Arguments = @('--find-links', $Wheels) + $Arguments }
    $Hint = 'the lines above say why'
    if ($Backend -eq 'uv') {
        $Words = @('--no-progress', 'pip', 'install', '--quiet', '--compile-bytecode', '--python', $Python, '--no-deps')
        Invoke-Program $Failure $Hint 'uv' ($Words + $Arguments)
    } else {
        $Words = @('-I', '-m', 'pip', '--disable-pip-version-check', '--no-input', 'install', '--quiet', '--no-deps')
        Invoke-Program $Failure $Hint $Python ($Words + @('--no-warn-script-location') + $Arguments)
    }
}

function New-Environment {
    $Failure = "$Venv could not be made"
    if ($Backend -eq 'uv') {
        Invoke-Program $Failure 'the lines above say why' 'uv' @('venv', '--quiet', '--no-project', '--python', $Base, $Venv)
    } else {
        Invoke-Program $Failure 'the lines above say why' $Base @('-I', '-m', 'venv', $Venv)
    }
    Install-Packages 'the packages of requirements.lock could not be installed' @('--require-hashes', '-r', $Lock)
    if (Test-Project) {
        Install-Packages 'the project itself could not be installed' @('--no-build-isolation', '--editable', $Here)
    }
    [IO.File]::WriteAllText("$Stamp.new", (Get-Ingredients))
    Move-Item -LiteralPath "$Stamp.new" -Destination $Stamp
}

function Remove-Folder([string] $Path) {
    if (Test-Path -LiteralPath $Path) { Remove-Item -LiteralPath $Path -Recurse -Force }
}

# Variables that would make an installer work on another place than the one it is told; given back at the end.
$Misleading = 'PYTHONHOME', 'PYTHONPATH', 'PIP_USER', 'PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT', 'VIRTUAL_ENV'
$Kept = @{}
foreach ($Name in $Misleading) {
    $Kept[$Name] = [Environment]::GetEnvironmentVariable($Name)
    [Environment]::SetEnvironmentVariable($Name, $null)
}
$Code = 0
$Begun = $false
try {
    if (-not (Test-Path -LiteralPath $Lock -PathType Leaf)) {
        Stop-Setup "$Lock is missing" 'run this in a complete copy of the project'
    }
    if (Test-Ready) {
        Remove-Folder $Before
        Write-Step "nothing to do: $Venv is as requirements.lock says"
    } else {
        $Old = Test-Path -LiteralPath $Before -PathType Container
        if ((Test-Path -LiteralPath $Venv) -and -not $Old -and
            -not (Test-Path -LiteralPath (Join-Path $Venv 'pyvenv.cfg') -PathType Leaf)) {
            Stop-Setup "$Venv is in the way: it is not a virtual environment" 'move it away and run this again'
        }
        $Base = Find-Python
        $Backend = Find-Backend
        Write-Step "making $Venv with $Backend and $Base"
        # An environment that works is worth more than a half-made one: it stands aside until the new one is whole.
        $Begun = $true
        if ($Old) {
            Remove-Folder $Venv
        } elseif (Test-Path -LiteralPath $Venv) {
            Move-Item -LiteralPath $Venv -Destination $Before
        }
        New-Environment
        Remove-Folder $Before
        Write-Step "ready: $Venv"
    }
} catch {
    [Console]::Error.WriteLine("error: $($_.Exception.Message)")
    $Code = 1
} finally {
    # Ctrl-C comes by here too.
    if ($Begun -and -not (Test-Path -LiteralPath $Stamp -PathType Leaf)) {
        Remove-Folder $Venv
        if (Test-Path -LiteralPath $Before) { Move-Item -LiteralPath $Before -Destination $Venv }
    }
    foreach ($Name in $Misleading) { [Environment]::SetEnvironmentVariable($Name, $Kept[$Name]) }
}
exit $Code
