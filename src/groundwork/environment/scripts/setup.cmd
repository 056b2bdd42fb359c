@echo off
rem Makes .venv beside this file from requirements.lock, every download checked against its hash, and installs the
rem project in place if there is a pyproject.toml. When nothing has changed since, it changes nothing.
rem
rem set PYTHON=C:\path\to\python.exe chooses the interpreter; set GROUNDWORK_BACKEND=uv or pip the installer.
rem Wheels that no index has are looked for in the folder wheels.
setlocal EnableExtensions DisableDelayedExpansion
rem All names below are relative to this folder, so that no character of its path can be taken for a command.
cd /d "%~dp0" || exit /b 1
set "VENV_PYTHON=.venv\Scripts\python.exe"
set "STAMP=.venv\setup.stamp"
set "WANTED=%TEMP%\setup-%RANDOM%%RANDOM%"
rem Variables that would make an installer work on another place than the one it is told.
for %%v in (PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT VIRTUAL_ENV) do set "%%v="

set "ERROR=requirements.lock is missing"
set "HINT=run this in a complete copy of the project"
if not exist requirements.lock goto :fail

set "PROJECT="
if exist pyproject.toml findstr /b /l /c:"[project]" pyproject.toml >nul 2>nul && set "PROJECT=1"
rem What the environment is made of; the place belongs to it, since the programs of .venv carry it.
cd >"%WANTED%.place"
if defined PROJECT (
    copy /b /y "%WANTED%.place"+requirements.lock+pyproject.toml "%WANTED%" >nul
) else (
    copy /b /y "%WANTED%.place"+requirements.lock "%WANTED%" >nul
)

if not exist "%STAMP%" goto :make
fc /b "%WANTED%" "%STAMP%" >nul 2>nul || goto :make
"%VENV_PYTHON%" -I -c "pass" >nul 2>nul || goto :make
if exist .venv.before rd /s /q .venv.before
echo setup: nothing to do: .venv is as requirements.lock says>&2
call :forget
exit /b 0

:make
set "ERROR=.venv is in the way: it is not a virtual environment"
set "HINT=move it away and run this again"
if exist .venv if not exist .venv.before if not exist .venv\pyvenv.cfg goto :fail

set "QUESTION=import sys; sys.exit(sys.version_info < (3, @MINOR@))"
set "BASE="
if defined PYTHON goto :named
for %%p in (python python3 py) do if not defined BASE (
    %%p -I -c "%QUESTION%" >nul 2>nul && for /f "usebackq delims=" %%e in (`%%p -I -c "import sys; print(sys.executable)"`) do set "BASE=%%e"
)
set "ERROR=there is no Python 3.@MINOR@ or later on PATH"
set "HINT=install one (python.org, or: uv python install)"
if not defined BASE goto :fail
goto :backend
:named
set "ERROR=the variable PYTHON names no Python 3.@MINOR@ or later"
set "HINT=name another, or unset it"
"%PYTHON%" -I -c "%QUESTION%" >nul 2>nul || goto :fail
set "BASE=%PYTHON%"

:backend
set "BACKEND=auto"
if defined GROUNDWORK_BACKEND set "BACKEND=%GROUNDWORK_BACKEND%"
if "%BACKEND%"=="pip" goto :begin
set "ERROR=GROUNDWORK_BACKEND names no backend"
set "HINT=use auto, uv or pip"
if not "%BACKEND%"=="auto" if not "%BACKEND%"=="uv" goto :fail
uv --version >nul 2>nul && set "BACKEND=uv" && goto :begin
set "ERROR=uv was asked for, but there is none that runs on PATH"
set "HINT=install uv, or use pip"
if "%BACKEND%"=="uv" goto :fail
set "BACKEND=pip"

:begin
echo setup: making .venv with %BACKEND%>&2
rem An environment that works is worth more than a half-made one: it stands aside until the new one is whole.
set "ERROR=the old .venv could not be put aside"
set "HINT=close the programs that use it and run this again"
if exist .venv.before (
    if exist .venv rd /s /q .venv
) else if exist .venv (
    move .venv .venv.before >nul || goto :fail
)

set "HINT=the lines above say why"
set "ERROR=.venv could not be made"
if "%BACKEND%"=="uv" (
    uv venv --quiet --no-project --python "%BASE%" .venv || goto :undo
) else (
    "%BASE%" -I -m venv .venv || goto :undo
)
set "LINKS="
if exist wheels\ set "LINKS=--find-links wheels"
set "ERROR=the packages of requirements.lock could not be installed"
call :install --require-hashes -r requirements.lock || goto :undo
set "ERROR=the project itself could not be installed"
if defined PROJECT (
    call :install --no-build-isolation --editable . || goto :undo
)
copy /b /y "%WANTED%" "%STAMP%.new" >nul || goto :undo
move /y "%STAMP%.new" "%STAMP%" >nul || goto :undo
if exist .venv.before rd /s /q .venv.before
echo setup: ready: .venv>&2
call :forget
exit /b 0

:install
if "%BACKEND%"=="uv" (
    uv --no-progress pip install --quiet --compile-bytecode --python "%VENV_PYTHON%" --no-deps %LINKS% %*
) else (
    "%VENV_PYTHON%" -I -m pip --disable-pip-version-check --no-input install --quiet --no-warn-script-location --no-deps %LINKS% %*
)
exit /b %ERRORLEVEL%

:undo
if exist .venv rd /s /q .venv
if exist .venv.before move .venv.before .venv >nul

:fail
echo error: %ERROR%>&2
echo hint: %HINT%>&2
call :forget
exit /b 1

:forget
del /q "%WANTED%" "%WANTED%.place" >nul 2>nul
exit /b 0
