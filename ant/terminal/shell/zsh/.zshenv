# Zsh reads this file instead of the user's .zshenv: see ant/runtime/launch.py. The file
# adds hooks and then sources the user's. The hooks report where prompts and commands
# begin and end (OSC 133), and the folder (OSC 7).

typeset -g __ant_nonce=${ANT_SHELL_NONCE-} __ant_ran= __ant_eol= __ant_was= __ant_set=
unset ANT_SHELL_NONCE
if [[ -n ${ANT_ZDOTDIR+set} ]]; then
    ZDOTDIR=$ANT_ZDOTDIR
    unset ANT_ZDOTDIR
else
    unset ZDOTDIR
fi

__ant_precmd() {
    builtin local __ant_status=$? __ant_percent= __ant_told= __ant_comments=
    [[ -o interactive_comments ]] && __ant_comments=1
    [[ -o prompt_percent ]] && __ant_percent=1
    [[ -o prompt_sp && -o prompt_cr ]] && __ant_told=1
    builtin emulate -L zsh
    builtin setopt extended_glob no_err_exit no_err_return no_multibyte no_xtrace
    builtin local MATCH MBEGIN MEND
    if [[ -n $__ant_ran ]]; then
        # If PROMPT_EOL_MARK is unchanged, zsh has printed the mark for the end itself.
        [[ -n $__ant_eol && $PROMPT_EOL_MARK == "$__ant_eol" ]] || __ant_told=
        [[ -n $__ant_told ]] || __ant_mark "D;$__ant_status"
        __ant_ran=
    fi
    __ant_restore
    builtin local url=${PWD//(#m)[^a-zA-Z0-9\/._~-]/%${(l:2::0:)$(([##16]#MATCH))}}
    builtin print -rn -- $'\e]7;file://'$HOST$url'#ant='$__ant_nonce$'\a'
    # P and not A: after output without a final newline, A would begin a new line in some
    # terminals and not in others.
    builtin local a=$'%{\e]133;P;k=i;ant='$__ant_nonce$'\a%}'
    builtin local A=$'%{\e]133;P;k=i;comments=1;ant='$__ant_nonce$'\a%}'
    builtin local b=$'%{\e]133;B;ant='$__ant_nonce$'\a%}'
    PS1=${${${PS1//$a/}//$A/}//$b/}
    # Report whether `#` begins a comment.
    [[ -z $__ant_comments || $histchars[3] != '#' ]] || a=$A
    [[ -z $__ant_percent ]] || PS1=$a$PS1$b
    [[ ${(t)PS1} != *export* ]] || builtin typeset -g +x PS1 # It contains the nonce.
    # The last hook gets PS1 with the changes of the user's own hooks.
    if [[ $precmd_functions[-1] != __ant_precmd ]]; then
        precmd_functions=(${precmd_functions:#__ant_precmd} __ant_precmd)
    fi
}

__ant_preexec() {
    builtin emulate -L zsh
    builtin setopt extended_glob no_err_exit no_err_return no_multibyte no_xtrace
    builtin local MATCH MBEGIN MEND line=${1:-$3} cut=
    # Cut longer commands: the size of a mark is limited (ant/terminal/shell/osc133.py).
    (( $#line <= 4000 )) || cut=';cut=1'
    line=${${line[1,4000]}//(#m)[^a-zA-Z0-9\/._~-]/%${(l:2::0:)$(([##16]#MATCH))}}
    (( $#line <= 3900 )) || cut=';cut=1'
    __ant_ran=1
    __ant_mark "C;cmdline_url=${line[1,3900]}$cut"
    # After output without a final newline, zsh prints PROMPT_EOL_MARK, before anything
    # else. That is not output of the command, so the mark for the end precedes it.
    if [[ -z $__ant_eol && ${(t)PROMPT_EOL_MARK} != *(export|readonly)* ]]; then
        __ant_was=${PROMPT_EOL_MARK-} __ant_set=${PROMPT_EOL_MARK+1}
        __ant_eol=$'%{\e]133;D;%?;ant='$__ant_nonce$'\a%}'${PROMPT_EOL_MARK-%B%S%#%s%b}
        builtin typeset -g PROMPT_EOL_MARK=$__ant_eol
    fi
}

__ant_restore() {
    if [[ -n $__ant_eol && ${PROMPT_EOL_MARK-} == "$__ant_eol" ]]; then
        PROMPT_EOL_MARK=$__ant_was
        [[ -n $__ant_set ]] || builtin unset PROMPT_EOL_MARK
    fi
    __ant_eol=
}

__ant_mark() {
    builtin print -rn -- $'\e]133;'$1';ant='$__ant_nonce$'\a'
}

if [[ -o interactive ]]; then
    typeset -ga precmd_functions preexec_functions
    precmd_functions+=(__ant_precmd)
    preexec_functions+=(__ant_preexec)
fi
if [[ -r ${ZDOTDIR-$HOME}/.zshenv ]]; then
    source ${ZDOTDIR-$HOME}/.zshenv || :
fi
