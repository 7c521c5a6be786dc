#!/bin/sh
# How long the studio needs until its window is seen, and how much processor time it takes while nothing happens:
# the real `radlads` on an X server of its own, with the engine that it starts itself.
# Usage: tests/ui/startup.sh BUILD_DIRECTORY [STARTS [IDLE_SECONDS]]
set -eu

if [ $# -lt 1 ]; then
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
fi
bin=$(cd "$1/bin" && pwd)
starts=${2:-5}
idle=${3:-10}
for tool in Xvfb xdotool; do
    command -v $tool > /dev/null || { echo "startup.sh: $tool is not installed" >&2; exit 2; }
done

home=$(mktemp -d)
chmod 700 "$home"
pids=""
cleanup() {
    for pid in $pids; do kill "$pid" 2> /dev/null || :; done
    rm -rf "$home"
}
trap cleanup EXIT
export HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_CACHE_HOME="$home/cache" XDG_DATA_HOME="$home/data" \
    XDG_RUNTIME_DIR="$home" LC_ALL=C.UTF-8 QT_QPA_PLATFORM=xcb
mkfifo "$home/display"
Xvfb -displayfd 3 -screen 0 1920x1080x24 -nolisten tcp 3> "$home/display" 2> /dev/null &
pids="$pids $!"
read -r number < "$home/display"
export DISPLAY=":$number"

milliseconds() { date +%s%3N; }
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }  # of the process, user and system, in hundredths of a second

"$bin/radlads-engine" serve --socket "$home/engine.sock" > "$home/engine.log" 2>&1 &
pids="$pids $!"
worst=0
for start in $(seq "$starts"); do
    before=$(milliseconds)
    "$bin/radlads" --socket "$home/engine.sock" 2> /dev/null &
    studio=$!
    pids="$pids $studio"
    xdotool search --sync --onlyvisible --pid "$studio" --name 'Radlads Studio' > /dev/null
    took=$(($(milliseconds) - before))
    echo "start $start: window seen after $took ms"
    [ "$took" -le "$worst" ] || worst=$took
    if [ "$start" = "$starts" ]; then
        # Whatever the first moments bring is over after a while.
        sleep 3
        from=$(ticks "$studio")
        sleep "$idle"
        used=$(($(ticks "$studio") - from))
        share=$(awk "BEGIN {printf \"%.2f\", $used / $(getconf CLK_TCK) / $idle * 100}")
        echo "idle for $idle s: $used ticks of processor time, $share %"
    fi
    kill "$studio"
    wait "$studio" 2> /dev/null || :
done
echo "slowest start: $worst ms (wanted: under 700); idle: $share % (wanted: under 1)"
