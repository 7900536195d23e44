#!/bin/sh
# Puts Fashion-MNIST where plywood::datasets::fashion_mnist::load() finds it.
set -eu

usage() {
    cat <<'END'
usage: sh get-data.sh

Puts Fashion-MNIST where plywood::datasets::fashion_mnist::load() finds it:
  1. if it is there already, there is nothing to do;
  2. else its files are downloaded from the official site or its mirror;
  3. else, on Debian and Ubuntu, its package is installed with apt-get.
Files count only if their SHA-256 is the right one.

Downloads go to $PLYWOOD_DATA/fashion-mnist if PLYWOOD_DATA is set, else to
plywood/fashion-mnist in the cache folder ($XDG_CACHE_HOME, or ~/.cache,
or ~/Library/Caches on macOS).
END
}

part=
trap 'rm -f "$part"' EXIT
trap 'exit 1' HUP INT TERM

package=dataset-fashion-mnist
system=/usr/share/datasets/fashion-mnist
sites='http://fashion-mnist.s3-website.eu-central-1.amazonaws.com https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion'
files='train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte'

# The SHA-256 of a file, unpacked.
right_sum() {
    case $1 in
        train-images-*) echo c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 ;;
        train-labels-*) echo bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 ;;
        t10k-images-*) echo 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b ;;
        t10k-labels-*) echo 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 ;;
    esac
}

say() {
    echo "get-data: $*" >&2
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# The SHA-256 of what comes in. More than the largest file is not read.
sum() {
    head -c 47040017 | if has sha256sum; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# The path of file $2 in folder $1, plain or gzipped: the one that load() takes.
find_file() {
    if [ -f "$1/$2" ]; then echo "$1/$2"; elif [ -f "$1/$2.gz" ]; then echo "$1/$2.gz"; fi
}

# Whether $1 holds, unpacked, what file $2 should.
is_right() {
    case $1 in
        *.gz | *.part) found=$(gzip -dc <"$1" 2>/dev/null | sum) ;;
        *) found=$(sum <"$1") ;;
    esac
    [ "$found" = "$(right_sum "$2")" ]
}

# Whether folder $1 holds all files. Wrong ones are moved out of the way of load(), if possible.
is_complete() {
    missing=
    for file in $files; do
        path=$(find_file "$1" "$file")
        if [ -z "$path" ]; then
            missing=$file
        elif ! is_right "$path" "$file"; then
            missing=$file
            say "$path is damaged or another file; moving it to $path.wrong"
            mv "$path" "$path.wrong" || say "... which failed: please remove it by hand"
        fi
    done
    [ -z "$missing" ] && say "Fashion-MNIST is in $1"
}

# Downloads $1 to $2.
fetch() {
    if has curl; then
        curl -fsSL --connect-timeout 10 --max-time 600 --speed-limit 1000 --speed-time 20 -o "$2" "$1"
    elif has wget; then
        wget -q --timeout=20 --tries=1 -O "$2" "$1"
    else
        say "there is neither curl nor wget"
        return 1
    fi
}

# Downloads what folder $1 lacks from site $2.
download() {
    mkdir -p "$1" || return 1
    for file in $files; do
        [ -z "$(find_file "$1" "$file")" ] || continue
        part=$1/$file.$$.part
        say "fetching $2/$file.gz"
        fetch "$2/$file.gz" "$part" || return 1
        is_right "$part" "$file" || { say "this is not the right file"; return 1; }
        mv "$part" "$1/$file.gz" || return 1
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif has sudo; then sudo "$@"; else return 1; fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 "$@" >&2
}

install_package() {
    has apt-get || return 1
    say "installing the package $package"
    apt_get install --reinstall --no-install-recommends "$package" ||
        { apt_get update && apt_get install --reinstall --no-install-recommends "$package"; }
}

case ${1-} in
    '') ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
esac

has gzip || { say "gzip is needed"; exit 1; }
has sha256sum || has shasum || { say "sha256sum or shasum is needed"; exit 1; }

if [ -n "${PLYWOOD_DATA-}" ]; then
    own=$PLYWOOD_DATA/fashion-mnist
else
    own=
fi
case ${XDG_CACHE_HOME-} in
    /*) cache=$XDG_CACHE_HOME ;;
    *) if [ "$(uname)" = Darwin ]; then cache=${HOME:?}/Library/Caches; else cache=${HOME:?}/.cache; fi ;;
esac
cache=$cache/plywood/fashion-mnist

for folder in ${own:+"$own"} "$cache" "$system"; do
    if is_complete "$folder"; then exit; fi
done
for site in $sites; do
    if download "${own:-$cache}" "$site" && is_complete "${own:-$cache}"; then exit; fi
done
if install_package && is_complete "$system"; then exit; fi

say "Fashion-MNIST could not be had: no site answered with the right files, and the package"
say "$package could not be installed. Put its four files by hand into ${own:-$cache}:"
for file in $files; do
    say "  $file.gz"
done
exit 1
