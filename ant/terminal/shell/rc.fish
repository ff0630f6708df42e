# Fish reads this file after its configuration: see ant/runtime/launch.py. The hooks
# report where prompts and commands begin and end (OSC 133), and the folder (OSC 7). Each
# mark has a number and its one-time code, from a key that only ANT and this shell have:
# see ant/terminal/shell/shell_key.py.

set -l key
if set -q ANT_SHELL_KEY_FD
    # Fish cannot close the descriptor. Nothing is left to be read from it.
    read -l -d ' ' -a words </dev/fd/9
    set key $words
    set -eg ANT_SHELL_KEY_FD
end
set -g __ant_n 0

# Sets __ant_code to the next number and its code: SipHash-2-4, each number as its higher
# and its lower half, since fish computes with doubles. Listings of variables do not show
# the key, because only this function has it. Command substitutions take the most time.
function __ant_next --inherit-variable key
    set -g __ant_n (math "$__ant_n + 1")
    set -l w 4294967296
    set -l v $key[3..6] $key[3..6] $__ant_n
    set v (
        math "bitxor($v[1], 1936682341)"
        math "bitxor($v[2], 1886610805)"
        math "bitxor($v[3], 1685025377)"
        math "bitxor($v[4], 1852075885)"
        math "bitxor($v[5], 1819895653)"
        math "bitxor($v[6], 1852142177)"
        math "bitxor($v[7], 1952801890)"
        math "bitxor(bitxor($v[8], 2037671283), $v[9])"
    )
    for round in 1 2 3 4 5 6 7 8
        # a += b, b = b <<< 13 ^ a, a <<<= 32, c += d, d = d <<< 16 ^ c
        set -l ah "(($v[1] + $v[3] + floor(($v[2] + $v[4]) / $w)) % $w)"
        set -l al "(($v[2] + $v[4]) % $w)"
        set -l ch "(($v[5] + $v[7] + floor(($v[6] + $v[8]) / $w)) % $w)"
        set -l cl "(($v[6] + $v[8]) % $w)"
        set v (
            math "$al"
            math "$ah"
            math "bitxor($v[3] * 8192 % $w + floor($v[4] / 524288), $ah)"
            math "bitxor($v[4] * 8192 % $w + floor($v[3] / 524288), $al)"
            math "$ch"
            math "$cl"
            math "bitxor($v[7] * 65536 % $w + floor($v[8] / 65536), $ch)"
            math "bitxor($v[8] * 65536 % $w + floor($v[7] / 65536), $cl)"
        )
        # a += d, d = d <<< 21 ^ a, c += b, b = b <<< 17 ^ c, c <<<= 32
        set ah "(($v[1] + $v[7] + floor(($v[2] + $v[8]) / $w)) % $w)"
        set al "(($v[2] + $v[8]) % $w)"
        set ch "(($v[5] + $v[3] + floor(($v[6] + $v[4]) / $w)) % $w)"
        set cl "(($v[6] + $v[4]) % $w)"
        set v (
            math "$ah"
            math "$al"
            math "bitxor($v[3] * 131072 % $w + floor($v[4] / 32768), $ch)"
            math "bitxor($v[4] * 131072 % $w + floor($v[3] / 32768), $cl)"
            math "$cl"
            math "$ch"
            math "bitxor($v[7] * 2097152 % $w + floor($v[8] / 2048), $ah)"
            math "bitxor($v[8] * 2097152 % $w + floor($v[7] / 2048), $al)"
        )
        switch $round
            case 2
                set v[2] (math "bitxor($v[2], $__ant_n)")
                set v[7] (math "bitxor($v[7], 134217728)")
            case 4
                set v[1] (math "bitxor($v[1], 134217728)")
                set v[6] (math "bitxor($v[6], 255)")
        end
    end
    set v (
        math "bitxor(bitxor($v[1], $v[3]), bitxor($v[5], $v[7]))"
        math "bitxor(bitxor($v[2], $v[4]), bitxor($v[6], $v[8]))"
    )
    set -g __ant_code $__ant_n.$v[1].$v[2]
end

function __ant_mark
    # Without the redirection, fish writes pieces of 512 bytes. A program that prints
    # between two of them could put another command before the code.
    printf '\e]133;%s;ant=%s\a' $argv[1] $__ant_code >&1
end

function __ant_at_prompt --on-event fish_prompt
    __ant_next
    set -l url $hostname(string escape --style=url -- $PWD)
    printf '\e]133;A;comments=1;ant=%s\a\e]7;file://%s#ant=%s\a' $__ant_code $url $__ant_code >&1
    # Wrap the prompt again if the user has redefined it.
    if not functions fish_prompt | string match -q '*__ant_user_prompt*'
        functions --erase __ant_user_prompt
        functions --copy fish_prompt __ant_user_prompt
        function fish_prompt
            set -l lines (__ant_user_prompt)
            set -q lines[1]; or set lines ''
            set lines[-1] $lines[-1](__ant_mark B)
            string join -- \n $lines
        end
    end
end

function __ant_before --on-event fish_preexec
    # Cut longer commands: the size of a mark is limited (ant/terminal/shell/osc133.py).
    set -l line (string escape --style=url -- (string sub -l 4000 -- "$argv[1]" | string collect))
    set -l whole (string sub -l 3900 -- "$line")
    set -l cut
    if test (string length -- "$argv[1]") -gt 4000; or test (string length -- "$line") -gt 3900
        set cut ';cut=1'
    end
    __ant_next
    __ant_mark "C;cmdline_url=$whole$cut"
end

function __ant_after --on-event fish_postexec
    set -l code $status
    __ant_next
    __ant_mark "D;$code"
end

if not set -q key[6]
    functions --erase __ant_next __ant_mark __ant_at_prompt __ant_before __ant_after
end
