"""The shell completion scripts: click's own for zsh and fish, and one that handles `@` for bash.

Bash breaks words at `@`, so click's script for bash would receive `sentiment@1.<TAB>` as three words.  click
does not know `git regolo` either; each shell's completion of git is extended in its own way.
"""

import click
from click.shell_completion import get_completion_class

from regolo_git.cli.command_names import COMPLETE_VARIABLE, PROGRAM

SHELLS = ("bash", "zsh", "fish")

BASH = """\
# Completion for regolo-git and, if git's own completion is loaded, for git regolo.

_regolo_git_answer() {  # the words of the command line up to the cursor
    local current="${*: -1}" kind value mark prefix=""
    COMPREPLY=()
    while IFS=',' read -r kind value; do
        case $kind in
            file) compopt -o default 2>/dev/null ;;
            dir) compopt -o dirnames 2>/dev/null ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_WORDS="$*" COMP_CWORD=$(($# - 1)) VARIABLE=bash_complete regolo-git 2>/dev/null)
    # Bash replaces only the text after the last word break, and `@` too where it completes names of hosts.
    for mark in @ = :; do
        if [[ $COMP_WORDBREAKS == *"$mark"* && $current == *"$mark"* ]]; then
            prefix=${current%"${current##*"$mark"}"}
            if [[ $mark == @ ]] && shopt -q hostcomplete; then prefix=${prefix%@}; fi
            COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
            current=${current#"$prefix"}
        fi
    done
    # A version follows MODEL@, and a value NAME=.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[@=] ]]; then compopt -o nospace 2>/dev/null; fi
}

_regolo_git_typed() {  # fills `typed` with the line up to the cursor, split at blanks
    local line=${COMP_LINE:0:COMP_POINT}
    read -ra typed <<< "$line"
    if [[ $line == *[[:blank:]] ]]; then typed+=(""); fi
}

_regolo_git_completion() {
    local -a typed
    _regolo_git_typed
    _regolo_git_answer "${typed[@]}"
}

_git_regolo() {  # called by git's completion for `git regolo ...`
    local -a typed
    _regolo_git_typed
    while [[ ${#typed[@]} -gt 1 && ${typed[0]} != regolo ]]; do typed=("${typed[@]:1}"); done
    compopt +o nospace 2>/dev/null
    _regolo_git_answer "${typed[@]}"
}

complete -o nosort -F _regolo_git_completion regolo-git git-regolo
""".replace("VARIABLE", COMPLETE_VARIABLE)

# click's line for zsh, and what puts no blank after MODEL@ and NAME=.
ZSH_ADD = "        compadd -U -V unsorted -a completions\n"
ZSH_ADD_OPEN = """\
        local -a unfinished finished
        unfinished=(${(M)completions:#*[@=]})
        finished=(${completions:#*[@=]})
        if [ -n "$unfinished" ]; then compadd -U -V unsorted -S '' -a unfinished; fi
        if [ -n "$finished" ]; then compadd -U -V unsorted -a finished; fi
"""
ZSH_GIT = """
# Adds git regolo to zsh's own completion of git.
_git-regolo() {
    words[1]=regolo-git
    _regolo_git_completion "$@"
}
() {
    local -a named
    zstyle -a ':completion:*:*:git:*' user-commands named
    zstyle ':completion:*:*:git:*' user-commands $named 'regolo:model versions in Git'
}
"""

FISH_GIT = """
# fish's completion of git finds the command; the words after regolo are completed here.
function _regolo_git_after_git;
    set -l words (commandline --cut-at-cursor --current-process --tokenize);
    set -l place (contains --index regolo $words); or return;
    set -l typed (string escape -- $words[$place..-1]);
    set -l current (commandline --cut-at-cursor --current-token);
    for answer in (env VARIABLE=fish_complete COMP_WORDS="$typed" COMP_CWORD="$current" regolo-git);
        set -l parts (string split --max 1 "," -- $answer);
        switch $parts[1];
            case plain; echo $parts[2];
            case file; __fish_complete_path $current;
            case dir; __fish_complete_directories $current;
        end;
    end;
end;

function _regolo_git_of_git;  # calls a predicate of fish's completion of git, if it is loaded
    functions --query $argv[1]; and $argv;
end;

complete --command git --condition "_regolo_git_of_git __fish_git_needs_command" --arguments regolo \\
    --description "model versions in Git";
complete --no-files --command git-regolo --arguments "(_regolo_git_completion)";
complete --no-files --keep-order --command git \\
    --condition "_regolo_git_of_git __fish_git_using_command regolo" \\
    --arguments "(_regolo_git_after_git)";
""".replace("VARIABLE", COMPLETE_VARIABLE)


def script(shell: str, group: click.Command) -> str:
    """The completion script of a shell, to be evaluated there."""
    if shell == "bash":
        return BASH
    completion = get_completion_class(shell)
    assert completion is not None
    text = completion(group, {}, PROGRAM, COMPLETE_VARIABLE).source().replace(ZSH_ADD, ZSH_ADD_OPEN)
    return text.rstrip("\n") + "\n" + (ZSH_GIT if shell == "zsh" else FISH_GIT)
