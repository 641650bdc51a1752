"""The scripts that Git runs for its hooks, and what they keep of a hook that was there before.

A script first runs the hook that was there before, then this program.  A stamp in its third line tells a
script of this release from an older one.  It says so where the program is missing: a hook of a clone then
stops nothing, unless the clone asks for it; that of a server stops everything.
"""

import shlex

FORM = 1
MARK = "# regolo-git hook, form "
STAMP = f"{MARK}{FORM}"
BEFORE = ".before-regolo"  # after the name of a hook: the one that was there before
LEGACY = ".legacy"  # where the pre-commit framework puts a hook that it found
CLONE_HOOKS = ("pre-commit", "pre-merge-commit", "pre-push", "post-checkout", "post-merge")
SERVER_HOOKS = ("pre-receive",)
READ_LINES = ("pre-push", "pre-receive")
# The setting with which a clone asks for a program that is there, by hook.
STRICT = {
    "pre-commit": "regolo.preCommit",
    "pre-merge-commit": "regolo.preCommit",
    "pre-push": "regolo.prePush",
}

_SCRIPT = """\
#!/bin/sh
# `git regolo hooks uninstall` removes this file, and puts back the hook that was here before.
{stamp}
hook={hook}
before=$(dirname "$0")/$hook{suffix}
here=$(cd "$(dirname "$0")" && pwd)/$hook
# A framework that found this script runs it, and may itself be what was here before.
[ "$REGOLO_HOOK_RUNS" = "$here" ] && exit 0
missing() {{
    echo "regolo-git: not checked ($hook): the program git-regolo is not on PATH, or does not start" >&2
    {missing}
}}
{read}failed=0
if [ -f "$before" ] && [ -x "$before" ]; then
    {given}REGOLO_HOOK_RUNS=$here "$before" "$@" || {or_end}
fi
program={program}
command -v git-regolo >/dev/null 2>&1 && program=git-regolo
command -v "$program" >/dev/null 2>&1 || missing
{given}"$program" hook "$hook" "$@" || failed=$?
case $failed in 126|127) missing ;; esac
exit "$failed"
"""
_READ = """\
lines=$(cat; echo .)
lines=${lines%.}
"""


def script_of(hook: str, program: str) -> str:
    """The text of a hook; `program` is run where none is on PATH."""
    reads = hook in READ_LINES
    return _SCRIPT.format(
        stamp=STAMP,
        hook=hook,
        suffix=BEFORE,
        program=shlex.quote(program),
        read=_READ if reads else "",
        given='printf %s "$lines" | ' if reads else "",
        or_end="failed=$?" if hook.startswith("post-") else "exit $?",
        missing=_missing(hook),
    )


def _missing(hook: str) -> str:
    if hook in SERVER_HOOKS:
        return "exit 1"
    if hook not in STRICT:
        return 'exit "$failed"'
    return f'[ "$(git config --get {STRICT[hook]})" = strict ] && exit 1\n    exit 0'


def is_ours(text: str) -> bool:
    """Whether this program wrote a hook, in any release."""
    return any(line.startswith(MARK) for line in text.splitlines()[:10])


def is_current(text: str) -> bool:
    """Whether a hook is as this release writes it."""
    return STAMP in text.splitlines()[:10]
