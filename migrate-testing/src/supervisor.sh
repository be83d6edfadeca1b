# Runs one throwaway server, and removes it when standard input ends: that pipe is held open by the
# test process alone, so it ends however that process ends, kill -9 included.
#
# Arguments: the cluster's directory, the directory of the binaries, then settings of the server.
# The one order on standard input is `restart`: stop at once, as in a crash, and start again.
# In the directory, the file `ended` says that no server runs and how the last one ended, and the
# file `restarted` says that the order has been carried out.
#
# It makes the directory itself, so that at no time there is one without somebody to remove it: it
# writes `made` to standard output, or why not. All else goes into the file `log` in the directory.
#
# It is the leader of its own process group, so that Ctrl-C does not reach it, and so that `kill 0`
# reaches initdb and its children as well as the server.
set -u
dir=$1
bin=$2
shift 2

umask 077
mkdir "$dir" 2>&1 || exit 1
echo made
exec >"$dir/log" 2>&1

# Only the server is meant by the signals sent to the group. It and initdb set their own handlers.
trap '' HUP INT QUIT

init() {
    "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C -N --wal-segsize=1
}

# The list is run in the background as a whole: the shell above must go on reading its orders.
start() {
    rm -f "$dir/ended"
    {
        { test -e "$dir/initialised" || { init && : >"$dir/initialised"; }; } &&
            "$bin/postgres" -D "$dir/data" "$@"
        echo "$?" >"$dir/ended"
    } </dev/null &
}

# SIGQUIT is the immediate shutdown. It is repeated, because a process that has just been started
# ignores it until it has set its handlers, and because initdb may go on to start the server.
stop() {
    turns=0
    until test -e "$dir/ended"; do
        turns=$((turns + 1))
        test "$turns" -lt 300 || return 1
        kill -QUIT 0
        sleep 0.05
    done
}

remove() {
    trap '' TERM
    trap - EXIT
    stop
    stopped=$?
    turns=0
    until rm -rf "$dir"; do
        turns=$((turns + 1))
        test "$turns" -lt 100 || break
        sleep 0.05
    done
    # What does not stop for a signal that can be caught goes with this shell.
    test "$stopped" -eq 0 || kill -KILL 0
}

trap remove EXIT
trap 'exit 0' TERM

start "$@"
while read -r order; do
    case $order in
    restart) stop && start "$@" && : >"$dir/restarted" ;;
    esac
done
