#!/usr/bin/env bash
# Collects English prose from documentation packages of Debian as one text: paragraphs, not tables, code or markup.
# Used to convert a real model on text that every Debian machine can have.
set -euo pipefail

packages=(python3-doc python3.11-doc debian-reference-en git-doc debian-policy developers-reference installation-guide-amd64
          linux-doc-6.1 perl-doc)

if [[ $# -ne 1 || $1 == --help ]]; then
  printf 'usage: %s OUTPUT.txt\nwrites the prose of: %s (those that are installed; install more for more text)\n' "$0" "${packages[*]}"
  [[ ${1:-} == --help ]] && exit 0
  exit 2
fi

list_files() {
  local package
  for package in "${packages[@]}"; do
    dpkg-query -L "$package" 2>/dev/null | grep -E '\.(txt|rst|pod)(\.gz)?$' || true
  done | sort -u
}

# A paragraph is kept when it is long enough, has a full stop, and is mostly letters; reStructuredText roles lose their marks.
# shellcheck disable=SC2016
paragraphs='
BEGIN { RS = ""; ORS = "\n\n" }
{
  if (length($0) < 160 || $0 ~ /(^|\n)[ \t]*(\.\.|::|=+[ \t]|\||>>>|#|\$|[-+*=]{4,})/ || $0 !~ /\.( |\n|$)/) next
  gsub(/:[a-z:]+:`[~!]?/, ""); gsub(/``?/, ""); gsub(/\*\*?/, ""); gsub(/[ \t]*\n[ \t]*/, " "); sub(/^[ \t]+/, "")
  letters = gsub(/[A-Za-z ,.]/, "&")
  if (letters < 0.9 * length($0)) next
  print
}'

temporary=$(mktemp "$1.XXXXXX")
trap 'rm -f "$temporary"' EXIT
while IFS= read -r file; do
  [[ -f $file ]] || continue
  case $file in
    *.gz) zcat "$file" ;;
    *) cat "$file" ;;
  esac | LC_ALL=C awk "$paragraphs" || true
  printf '<|endoftext|>\n'
done < <(list_files) > "$temporary"
mv "$temporary" "$1"
trap - EXIT
printf '%s: %s bytes of prose\n' "$1" "$(stat -c %s "$1")"
