#!/bin/sh
# Makes a picture of every page, dialog and menu of the studio for a person to look at: light and dark, at one and two
# pixels a point in English, at one in German. DIRECTORY/index.html shows them side by side.
# Usage: tests/ui/screenshots.sh BUILD_DIRECTORY DIRECTORY [PATTERN]     (PATTERN: a regular expression on the pages' names)
set -eu

if [ $# -lt 2 ]; then
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
fi
build=$(cd "$1" && pwd)
mkdir -p "$2"
directory=$(cd "$2" && pwd)
pattern=${3:-}
program=$build/bin/ui_screenshots
if [ ! -x "$program" ]; then
    cmake --build "$build" --target ui_screenshots
fi

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
rm -f "$directory"/*.png

shoot() {  # LANGUAGE SCALE
    env HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_CACHE_HOME="$home/cache" XDG_DATA_HOME="$home/data" \
        XDG_RUNTIME_DIR="$home" LC_ALL=C.UTF-8 QT_QPA_PLATFORM=offscreen QT_SCALE_FACTOR="$2" \
        "$program" "$directory" "$1" "$pattern"
}
shoot en 1
shoot en 2
shoot de 1

{
    echo '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Radlads Studio, page by page</title>'
    echo '<style>body{font:14px sans-serif;margin:24px;background:#888}figure{display:inline-block;margin:8px;'
    echo 'vertical-align:top}img{max-width:46vw;display:block}figcaption{padding:4px}</style>'
    for picture in "$directory"/*-light-1x.png; do
        page=$(basename "$picture" -light-1x.png)
        echo "<h2>$page</h2>"
        for variant in light-1x dark-1x light-2x dark-2x; do
            file=$page-$variant.png
            if [ -e "$directory/$file" ]; then
                echo "<figure><a href=\"$file\"><img src=\"$file\" alt=\"$page, $variant\" loading=\"lazy\"></a>"
                echo "<figcaption>$variant</figcaption></figure>"
            fi
        done
    done
    echo '</html>'
} > "$directory/index.html"
echo "$(find "$directory" -name '*.png' | wc -l) pictures in $directory, shown by index.html"
