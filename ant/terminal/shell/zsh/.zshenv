# Zsh reads this file instead of the user's .zshenv: see ant/runtime/launch.py. The file
# adds hooks and then sources the user's. The hooks report where prompts and commands
# begin and end (OSC 133), and the folder (OSC 7). Each mark has a number and its one-time
# code, from a key that only ANT and this shell have: see
# ant/terminal/shell/shell_key.py.

typeset -g __ant_ran= __ant_was= __ant_set=
typeset -gi 10 __ant_n=0
# Listings of variables do not show the key, nor the code of a mark that is to come.
typeset -gH +x __ant_k0= __ant_k1= __ant_end= __ant_eol=
if [[ -n ${ANT_SHELL_KEY_FD-} ]]; then
    IFS=' ' read -r __ant_k0 __ant_k1 __ant_end <&9
    exec 9<&- # Before anything else can read it.
    __ant_end=
fi
unset ANT_SHELL_KEY_FD
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
    builtin local MATCH MBEGIN MEND code
    if [[ -n $__ant_ran ]]; then
        # If PROMPT_EOL_MARK is unchanged, zsh has printed the mark for the end itself.
        [[ -n $__ant_eol && $PROMPT_EOL_MARK == "$__ant_eol" ]] || __ant_told=
        [[ -n $__ant_told ]] || __ant_mark "D;$__ant_status" $__ant_end
        __ant_ran=
    fi
    __ant_restore
    builtin local url=${PWD//(#m)[^a-zA-Z0-9\/._~-]/%${(l:2::0:)$(([##16]#MATCH))}}
    __ant_next
    [[ ! -t 1 ]] || builtin print -rn -- $'\e]7;file://'$HOST$url'#ant='$code$'\a'
    __ant_next
    # P and not A: after output without a final newline, A would begin a new line in some
    # terminals and not in others.
    builtin local a='P;k=i;'
    # Report whether `#` begins a comment.
    [[ -z $__ant_comments || $histchars[3] != '#' ]] || a='P;k=i;comments=1;'
    # Without the marks of an earlier prompt.
    PS1=${PS1//[%]\{$'\e]133;'[PB]\;[^%]#ant=[^%]#$'\a'[%]\}/}
    if [[ -n $__ant_percent ]]; then
        PS1=$'%{\e]133;'$a'ant='$code$'\a%}'$PS1$'%{\e]133;B;ant='$code$'\a%}'
    fi
    # A child must not have the code of a prompt that is not printed yet.
    [[ ${(t)PS1} != *export* ]] || builtin typeset -g +x PS1
    # The last hook gets PS1 with the changes of the user's own hooks.
    if [[ $precmd_functions[-1] != __ant_precmd ]]; then
        precmd_functions=(${precmd_functions:#__ant_precmd} __ant_precmd)
    fi
}

__ant_preexec() {
    builtin emulate -L zsh
    builtin setopt extended_glob no_err_exit no_err_return no_multibyte no_xtrace
    builtin local MATCH MBEGIN MEND line=${1:-$3} cut= code
    # Cut longer commands: the size of a mark is limited (ant/terminal/shell/osc133.py).
    (( $#line <= 4000 )) || cut=';cut=1'
    line=${${line[1,4000]}//(#m)[^a-zA-Z0-9\/._~-]/%${(l:2::0:)$(([##16]#MATCH))}}
    (( $#line <= 3900 )) || cut=';cut=1'
    __ant_ran=1
    __ant_next
    __ant_mark "C;cmdline_url=${line[1,3900]}$cut" $code
    __ant_next
    __ant_end=$code
    # After output without a final newline, zsh prints PROMPT_EOL_MARK, before anything
    # else. That is not output of the command, so the mark for the end precedes it.
    if [[ -z $__ant_eol && ${(t)PROMPT_EOL_MARK} != *(export|readonly)* ]]; then
        __ant_was=${PROMPT_EOL_MARK-} __ant_set=${PROMPT_EOL_MARK+1}
        __ant_eol=$'%{\e]133;D;%?;ant='$__ant_end$'\a%}'${PROMPT_EOL_MARK-%B%S%#%s%b}
        builtin typeset -gH PROMPT_EOL_MARK=$__ant_eol
    fi
}

__ant_restore() {
    if [[ -n $__ant_eol && ${PROMPT_EOL_MARK-} == "$__ant_eol" ]]; then
        builtin typeset -g +H PROMPT_EOL_MARK=$__ant_was
        [[ -n $__ant_set ]] || builtin unset PROMPT_EOL_MARK
    fi
    __ant_eol=
}

# Prints a mark with its code. A mark that goes elsewhere than to the terminal could be
# read there before ANT has read it.
__ant_mark() {
    [[ ! -t 1 ]] || builtin print -rn -- $'\e]133;'$1';ant='$2$'\a'
}

# Sets `code` to the next number and its code, SipHash-2-4.
__ant_next() {
    builtin local -i 10 a b c d
    builtin local round='a += b, b = (b << 13 | b >> 51 & 8191) ^ a,
        a = a << 32 | a >> 32 & 4294967295, c += d,
        d = (d << 16 | d >> 48 & 65535) ^ c, a += d,
        d = (d << 21 | d >> 43 & 2097151) ^ a, c += b,
        b = (b << 17 | b >> 47 & 131071) ^ c,
        c = c << 32 | c >> 32 & 4294967295'
    (( __ant_n += 1, a = __ant_k0 ^ 0x736f6d6570736575,
        b = __ant_k1 ^ 0x646f72616e646f6d, c = __ant_k0 ^ 0x6c7967656e657261,
        d = __ant_k1 ^ 0x7465646279746573 ^ __ant_n, $round, $round,
        a ^= __ant_n, d ^= 1 << 59, $round, $round, a ^= 1 << 59, c ^= 255,
        $round, $round, $round, $round, a ^= b ^ c ^ d ))
    code=$__ant_n.$a
}

if [[ -o interactive && -n $__ant_k1 ]]; then
    typeset -ga precmd_functions preexec_functions
    precmd_functions+=(__ant_precmd)
    preexec_functions+=(__ant_preexec)
fi
if [[ -r ${ZDOTDIR-$HOME}/.zshenv ]]; then
    source ${ZDOTDIR-$HOME}/.zshenv || :
fi
