#!/usr/bin/env bash
# regolo-review BASE HEAD [REMOTE]: reviews a change of models on any CI, from objects alone.  Written by
# `git regolo ci script` of regolo-git @VERSION@.
#
# BASE is a branch of REMOTE (a URL or a path; default: origin of this directory), HEAD any ref that it has, such as
# refs/pull/7/head.  Writes regolo.md (a comment) and regolo.xml (JUnit).  The exit status is that of the review:
# 0 no gate fails, 5 wrong, 6 not judged, 8 a gate fails.  git-regolo must be on PATH, or PYTHON a Python 3.11 or
# later, with which it is installed.
set -euo pipefail

base=${1:?usage: regolo-review BASE HEAD [REMOTE]} head=${2:?usage: regolo-review BASE HEAD [REMOTE]}
remote=${3:-$(git config --get remote.origin.url)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! command -v git-regolo > /dev/null; then
    RUNNER_TEMP=$work GITHUB_PATH=/dev/null
    @INSTALL@
    PATH="$work/regolo/bin:$PATH"
fi
git init -q --bare "$work/registry.git"
git -C "$work/registry.git" -c fetch.fsckObjects=true fetch -q --no-tags "$remote" \
    '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*' "+$head:refs/regolo/head"
git -C "$work/registry.git" symbolic-ref HEAD "refs/heads/$base"
review() { git -C "$work/registry.git" regolo review "$base..refs/regolo/head" --yes "$@"; }
review --format junit > regolo.xml || true
review --format markdown > regolo.md || true
review
