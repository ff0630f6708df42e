# Read by zsh instead of the user's .zshenv, which it reads too: see ant/launch.py.
# It says where prompts and commands begin and end (OSC 133), and the folder (OSC 7).

typeset -g __ant_nonce=${ANT_SHELL_NONCE-} __ant_ran=
unset ANT_SHELL_NONCE
if [[ -n ${ANT_ZDOTDIR+set} ]]; then
    ZDOTDIR=$ANT_ZDOTDIR
    unset ANT_ZDOTDIR
else
    unset ZDOTDIR
fi

__ant_precmd() {
    builtin local __ant_status=$? __ant_percent=
    [[ -o prompt_percent ]] && __ant_percent=1
    builtin emulate -L zsh
    builtin setopt extended_glob no_err_exit no_err_return no_multibyte no_xtrace
    builtin local MATCH MBEGIN MEND
    if [[ -n $__ant_ran ]]; then
        __ant_mark "D;$__ant_status"
        __ant_ran=
    fi
    builtin local url=${PWD//(#m)[^a-zA-Z0-9\/._~-]/%${(l:2::0:)$(([##16]#MATCH))}}
    builtin print -rn -- $'\e]7;file://'$HOST$url'#ant='$__ant_nonce$'\a'
    # P and not A: where a command left no new line, A would begin one in terminals
    # that know it, and in others not.
    builtin local a=$'%{\e]133;P;k=i;ant='$__ant_nonce$'\a%}'
    builtin local b=$'%{\e]133;B;ant='$__ant_nonce$'\a%}'
    PS1=${${PS1//$a/}//$b/}
    [[ -z $__ant_percent ]] || PS1=$a$PS1$b
    [[ ${(t)PS1} != *export* ]] || builtin typeset -g +x PS1 # The nonce is in it.
    # The last one sees what the user's own hooks have made of PS1.
    if [[ $precmd_functions[-1] != __ant_precmd ]]; then
        precmd_functions=(${precmd_functions:#__ant_precmd} __ant_precmd)
    fi
}

__ant_preexec() {
    __ant_ran=1
    __ant_mark C
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
