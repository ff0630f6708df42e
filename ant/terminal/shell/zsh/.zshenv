# Read by zsh instead of the user's .zshenv, which it reads too: see ant/launch.py.
# It says where prompts and commands begin and end (OSC 133), and the folder (OSC 7).

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
        # Where it still stands as we left it, zsh has said so itself.
        [[ -n $__ant_eol && $PROMPT_EOL_MARK == "$__ant_eol" ]] || __ant_told=
        [[ -n $__ant_told ]] || __ant_mark "D;$__ant_status"
        __ant_ran=
    fi
    __ant_restore
    builtin local url=${PWD//(#m)[^a-zA-Z0-9\/._~-]/%${(l:2::0:)$(([##16]#MATCH))}}
    builtin print -rn -- $'\e]7;file://'$HOST$url'#ant='$__ant_nonce$'\a'
    # P and not A: where a command left no new line, A would begin one in terminals
    # that know it, and in others not.
    builtin local a=$'%{\e]133;P;k=i;ant='$__ant_nonce$'\a%}'
    builtin local A=$'%{\e]133;P;k=i;comments=1;ant='$__ant_nonce$'\a%}'
    builtin local b=$'%{\e]133;B;ant='$__ant_nonce$'\a%}'
    PS1=${${${PS1//$a/}//$A/}//$b/}
    # Whether `#` begins a comment.
    [[ -z $__ant_comments || $histchars[3] != '#' ]] || a=$A
    [[ -z $__ant_percent ]] || PS1=$a$PS1$b
    [[ ${(t)PS1} != *export* ]] || builtin typeset -g +x PS1 # The nonce is in it.
    # The last one sees what the user's own hooks have made of PS1.
    if [[ $precmd_functions[-1] != __ant_precmd ]]; then
        precmd_functions=(${precmd_functions:#__ant_precmd} __ant_precmd)
    fi
}

__ant_preexec() {
    builtin emulate -L zsh
    builtin setopt extended_glob no_err_exit no_err_return no_multibyte no_xtrace
    builtin local MATCH MBEGIN MEND line=${1:-$3} cut=
    # Longer ones are cut: what a mark may hold is bounded (ant/terminal/marks.py).
    (( $#line <= 4000 )) || cut=';cut=1'
    line=${${line[1,4000]}//(#m)[^a-zA-Z0-9\/._~-]/%${(l:2::0:)$(([##16]#MATCH))}}
    (( $#line <= 3900 )) || cut=';cut=1'
    __ant_ran=1
    __ant_mark "C;cmdline_url=${line[1,3900]}$cut"
    # What zsh puts behind output without an end is none of the command's: before it
    # comes this, and that is the first that zsh says when a command has ended.
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
