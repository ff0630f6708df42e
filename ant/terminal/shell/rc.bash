# Bash reads this file instead of ~/.bashrc: see ant/runtime/launch.py. The file sources
# ~/.bashrc and then adds hooks. They report where prompts and commands begin and end
# (OSC 133), and the folder (OSC 7). Each mark has a number and its one-time code, from a
# key that only ANT and this shell have: see ant/terminal/shell/shell_key.py.

# Bash parses these functions before the user defines any alias, so none expands here.
__ant_prompt() {
    local __ant_status=${1-$?} - IFS=$' \t\n'
    set +aeux
    # Bash expands these once for each line, and redraws the line with the same text.
    local code='.$((__ant_code))$__ant_bell}'
    local a='\[${__ant_a:+$__ant_a$((__ant_n+=1))'$code'\]'
    local b='\[${__ant_b:+$__ant_b$__ant_n.$__ant_v$__ant_bell}\]'
    local c='${__ant_c:+$__ant_c$((__ant_ran=1,__ant_n+=1))'$code
    local d='\[${__ant_d:+$__ant_d$((__ant_line++));ant=$((__ant_n+=1))'$code'\]'
    PS1=${PS1-} PS0=${PS0-} PS2=${PS2-}
    PS1=${PS1//"$a"/} PS0=${PS0//"$c"/} PS2=${PS2//"$d"/}
    PS1=${PS1//"$b"/} PS2=${PS2//"$b"/}
    local ran=$__ant_ran
    __ant_a='' __ant_b='' __ant_c='' __ant_d='' __ant_ran=0
    # A mark that goes elsewhere could be read there before ANT has read it.
    [[ -t 1 && -t 2 ]] || return 0
    __ant_b=$'\e]133;B;ant=' __ant_c=$'\e]133;C;ant=' __ant_d=$'\e]133;P;k=s;line='
    # P and not A: after output without a final newline, A would begin a new line in some
    # terminals and not in others. Whether `#` begins a comment may change.
    __ant_a=$'\e]133;P;k=i;ant='
    if builtin shopt -q interactive_comments; then
        __ant_a=$'\e]133;P;k=i;comments=1;ant='
    fi
    [[ $PWD == "$__ant_pwd" ]] || __ant_encode
    local end='' folder=''
    ((__ant_n += 1, __ant_code))
    if ((ran)); then
        end=$'\e]133;D;'$__ant_status';ant='$__ant_n.$__ant_v$'\a'
    fi
    if builtin shopt -q promptvars; then
        folder=$'\e]7;file://'$HOSTNAME$__ant_url'#ant='$__ant_n.$__ant_v$'\a'
        # Before the user's PS0: its output is not part of the typed command.
        PS1=$a$PS1$b PS0=$c$PS0 PS2=$d$PS2$b
    fi
    builtin printf %s "$end$folder"
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

# Reads the key, and closes its descriptor before anything else can read it.
__ant_read_key() {
    local rest
    IFS=' ' builtin read -r __ant_k0 __ant_k1 rest <&9
    exec 9<&- # With `builtin` it would be open again after the command.
}

# SipHash-2-4 of __ant_n as arithmetic, which a prompt can evaluate. It sets __ant_v, and
# leaves nothing of the key in the other variables.
__ant_define_code() {
    __ant_n=0
    # Bash exports no array. With `set -a` it would export a code that is not printed yet
    # to the programs that the user's prompt runs.
    declare -ga __ant_v=(0)
    __ant_round='__ant_0+=__ant_1,'
    __ant_round+='__ant_1=(__ant_1<<13|__ant_1>>51&8191)^__ant_0,'
    __ant_round+='__ant_0=__ant_0<<32|__ant_0>>32&4294967295,'
    __ant_round+='__ant_2+=__ant_3,'
    __ant_round+='__ant_3=(__ant_3<<16|__ant_3>>48&65535)^__ant_2,'
    __ant_round+='__ant_0+=__ant_3,'
    __ant_round+='__ant_3=(__ant_3<<21|__ant_3>>43&2097151)^__ant_0,'
    __ant_round+='__ant_2+=__ant_1,'
    __ant_round+='__ant_1=(__ant_1<<17|__ant_1>>47&131071)^__ant_2,'
    __ant_round+='__ant_2=__ant_2<<32|__ant_2>>32&4294967295'
    local twice='__ant_round,__ant_round,'
    __ant_code='__ant_0=__ant_k0^0x736f6d6570736575,'
    __ant_code+='__ant_1=__ant_k1^0x646f72616e646f6d,'
    __ant_code+='__ant_2=__ant_k0^0x6c7967656e657261,'
    __ant_code+='__ant_3=__ant_k1^0x7465646279746573^__ant_n,'$twice
    __ant_code+='__ant_0^=__ant_n,__ant_3^=1<<59,'$twice
    __ant_code+='__ant_0^=1<<59,__ant_2^=255,'$twice$twice
    __ant_code+='__ant_v=__ant_0^__ant_1^__ant_2^__ant_3,'
    __ant_code+='__ant_0=__ant_1=__ant_2=__ant_3=0,__ant_v'
}

__ant_install() {
    local version=$((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))
    [[ ${__ant_k1-} ]] && ((version >= 404)) || return 0
    local -
    set +aeux
    case ${PROMPT_COMMAND@a}${PS1@a}${PS0@a}${PS2@a} in *r*) return 0 ;; esac
    __ant_define_code
    __ant_a='' __ant_b='' __ant_c='' __ant_d='' __ant_bell=$'\a'
    __ant_ran=0 __ant_pwd='' __ant_url='' __ant_line=0
    builtin export -n __ant_k0 __ant_k1 __ant_n __ant_v __ant_round __ant_code
    builtin export -n __ant_0 __ant_1 __ant_2 __ant_3 __ant_a __ant_b __ant_c __ant_d
    builtin export -n __ant_bell __ant_ran __ant_pwd __ant_url __ant_line
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

__ant_k0='' __ant_k1=''
[[ -z ${ANT_SHELL_KEY_FD-} ]] || __ant_read_key
unset -v ANT_SHELL_KEY_FD
unset -f __ant_read_key
if [[ -r ~/.bashrc ]]; then
    source ~/.bashrc || :
fi
__ant_install "$(trap -p DEBUG)"
unset -f __ant_install __ant_define_code
