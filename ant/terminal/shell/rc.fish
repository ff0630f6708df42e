# Fish reads this file after its configuration: see ant/runtime/launch.py. The hooks
# report where prompts and commands begin and end (OSC 133), and the folder (OSC 7).

set -g __ant_nonce $ANT_SHELL_NONCE
set -eg ANT_SHELL_NONCE

function __ant_mark
    printf '\e]133;%s;ant=%s\a' $argv[1] $__ant_nonce
end

function __ant_at_prompt --on-event fish_prompt
    printf '\e]7;file://%s%s#ant=%s\a' $hostname (string escape --style=url -- $PWD) $__ant_nonce
    __ant_mark 'A;comments=1'
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
    __ant_mark "C;cmdline_url=$whole$cut"
end

function __ant_after --on-event fish_postexec
    __ant_mark "D;$status"
end
