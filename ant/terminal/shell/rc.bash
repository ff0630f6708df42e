# Bash reads this file instead of ~/.bashrc: see ant/runtime/launch.py. The file sources
# ~/.bashrc and then adds hooks. They report where prompts and commands begin and end
# (OSC 133), and the folder (OSC 7).

# Bash parses these functions before the user defines any alias, so none expands here.
__ant_prompt() {
    local __ant_status=${1-$?} - IFS=$' \t\n'
    set +eux
    local a='\[${__ant_a-}\]' b='\[${__ant_b-}\]' c='${__ant_c:__ant_ran=1,0}'
    # Bash expands this once for each line, and redraws the line with the same number.
    local d='\[${__ant_d:+$__ant_d$((__ant_line++))$__ant_bell}\]'
    PS1=${PS1-} PS0=${PS0-} PS2=${PS2-}
    PS1=${PS1//"$a"/} PS0=${PS0//"$c"/} PS2=${PS2//"$d"/}
    PS1=${PS1//"$b"/} PS2=${PS2//"$b"/}
    if ((__ant_ran)); then
        builtin printf '\e]133;D;%s;ant=%s\a' "$__ant_status" "$__ant_nonce"
        __ant_ran=0
    fi
    [[ $PWD == "$__ant_pwd" ]] || __ant_encode
    builtin printf '\e]7;file://%s%s#ant=%s\a' "$HOSTNAME" "$__ant_url" "$__ant_nonce"
    __ant_a=$'\e]133;P;k=i;ant='$__ant_nonce$__ant_bell
    if builtin shopt -q interactive_comments; then
        __ant_a=$'\e]133;P;k=i;comments=1;ant='$__ant_nonce$__ant_bell
    fi
    if builtin shopt -q promptvars; then
        # Before the user's PS0: its output is not part of the typed command.
        PS1=$a$PS1$b PS0=$c$PS0 PS2=$d$PS2$b
    fi
}

__ant_encode() {
    local LC_ALL=C url='' char i
    __ant_pwd=$PWD
    for ((i = 0; i < ${#__ant_pwd}; i++)); do
        char=${__ant_pwd:i:1}
        if [[ $char != [a-zA-Z0-9/._~-] ]]; then
            builtin printf -v char %d "'$char"
            builtin printf -v char %%%02X "$((char & 255))"
        fi
        url+=$char
    done
    __ant_url=$url
}

# Keeps `$?` where bash itself does not, for ANT and for the user's PROMPT_COMMAND.
__ant_keep() {
    __ant_kept=$?
    [[ $- == *e* ]] || return "$__ant_kept" # With `set -e` this would exit the shell.
}

__ant_install() {
    local version=$((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))
    ((version >= 404)) || return 0
    local -
    set +eux
    case ${PROMPT_COMMAND@a}${PS1@a}${PS0@a}${PS2@a} in *r*) return 0 ;; esac
    # P and not A: after output without a final newline, A would begin a new line in some
    # terminals and not in others.
    # Set for each prompt, because it reports whether `#` begins a comment there.
    __ant_a=
    __ant_b=$'\e]133;B;ant='$__ant_nonce$'\a'
    __ant_c=$'\e]133;C;ant='$__ant_nonce$'\a'
    __ant_d=$'\e]133;P;k=s;ant='$__ant_nonce';line=' __ant_bell=$'\a'
    __ant_ran=0 __ant_pwd='' __ant_url='' __ant_line=0
    builtin export -n __ant_nonce __ant_a __ant_b __ant_c __ant_d __ant_bell
    builtin export -n __ant_ran __ant_pwd __ant_url __ant_line
    # ANT's hook comes last, so that PS1 has the changes of the user's own hooks. But a
    # trap on DEBUG takes any hook behind the user's for a typed command: then it comes
    # first.
    if ((version < 501)); then
        if [[ $1 ]]; then
            PROMPT_COMMAND="__ant_prompt${PROMPT_COMMAND:+$'\n'$PROMPT_COMMAND}"
        else
            PROMPT_COMMAND="__ant_keep${PROMPT_COMMAND:+$'\n'$PROMPT_COMMAND}"
            PROMPT_COMMAND+=$'\n__ant_prompt "$__ant_kept"'
        fi
    elif [[ $1 ]]; then
        PROMPT_COMMAND=(__ant_prompt "${PROMPT_COMMAND[@]}")
    else
        PROMPT_COMMAND[99]=__ant_prompt # Not element 0: PROMPT_COMMAND=… replaces that.
    fi
}

__ant_nonce=${ANT_SHELL_NONCE-}
unset -v ANT_SHELL_NONCE
if [[ -r ~/.bashrc ]]; then
    source ~/.bashrc || :
fi
__ant_install "$(trap -p DEBUG)"
unset -f __ant_install
