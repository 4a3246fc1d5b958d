#!/usr/bin/env bats
# scripts/release in a clone where the packages are made in no time: what it refuses,
# what it puts together.

bats_require_minimum_version 1.5.0

setup() {
    load packages
    export HOME=$BATS_TEST_TMPDIR GIT_CONFIG_NOSYSTEM=1
    export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@localhost
    export GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@localhost
    command -v dpkg-parsechangelog || skip "dpkg-dev is not installed"
    [ -z "${SANITIZE:-}" ] || skip "the same without sanitizers"
    version=$(cat "$top/VERSION")
    mkdir "$BATS_TEST_TMPDIR/tree"
    cd "$BATS_TEST_TMPDIR/tree"
    cp -r "$top/scripts" "$top/debian" "$top/VERSION" .
    printf '# Changelog\n\n## %s, 2026-11-27\n' "$version" >CHANGELOG.md
    echo /build/ >.gitignore
    cat >scripts/wheel <<'END'
#!/bin/sh
# Made of the epoch alone, in the clone, which has what was fetched.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/dist
[ "$(cat build/sources/curl.tar.gz)" = fetched ]
[ ! -e build/sources/unpacked ]
file=$PWD/build/dist/${0##*/}-${1:-all}
echo "$SOURCE_DATE_EPOCH" >"$file"
echo "$file"
END
    cp scripts/wheel scripts/dist
    cp scripts/wheel scripts/deb
    mkdir -p build/sources
    echo fetched >build/sources/curl.tar.gz
    echo of another tree >build/sources/unpacked
    git init -q .
    git add .
    git commit -qm first
}

@test "it makes everything from a clean clone, and its sums" {
    run -0 scripts/release x86_64 aarch64
    cd build/release
    run -0 ls
    [ "$output" = "SHA256SUMS
deb-all
dist-aarch64
dist-x86_64
itrack-$version.tar.gz
wheel-aarch64
wheel-x86_64" ]
    sha256sum -c --quiet SHA256SUMS
    [ "$(wc -l <SHA256SUMS)" -eq 6 ]
    [ "$(tar -xOf "itrack-$version.tar.gz" "itrack-$version/VERSION")" = "$version" ]
    cp SHA256SUMS "$BATS_TEST_TMPDIR/first"
    cd ../..
    run -0 scripts/release x86_64 aarch64
    cmp build/release/SHA256SUMS "$BATS_TEST_TMPDIR/first"
}

@test "it refuses what is not whole, and says why" {
    echo more >>CHANGELOG.md
    run -1 scripts/release
    [[ $output == *"there are changes that no commit has"* ]]
    printf '# Changelog\n\n## Unreleased\n\n## %s, 2026-11-27\n' "$version" >CHANGELOG.md
    git commit -qam unreleased
    run -1 scripts/release
    [[ $output == *"CHANGELOG.md does not begin with an entry for $version"* ]]
    git revert --no-edit HEAD
    echo 99.0 >VERSION
    sed -i 's/^## .*/## 99.0, 2026-11-27/' CHANGELOG.md
    git commit -qam 'another version'
    run -1 scripts/release
    [[ $output == *"debian/changelog has another version than 99.0"* ]]
    [ ! -e build/release ]
}

@test "what can't be built is no release" {
    printf '#!/bin/sh\nexit 3\n' >scripts/deb
    git commit -qam broken
    run ! scripts/release x86_64
    [ -e build/release/wheel-x86_64 ]
    [ ! -e build/release/SHA256SUMS ]
}

@test "a tree whose path the tools can't take is refused before anything is done" {
    for name in 'a b' 'a:b' "a'b" 'a\b'; do
        mkdir -p "$name"
        cp -r "$top/scripts" "$top/debian" "$top/VERSION" "$name/"
        for script in wheel dist deb; do
            run -1 "$name/scripts/$script"
            [ "$output" = "$script: $PWD/$name: the tools that build it take no path\
 with a blank, a colon, a quote or another special character: build where the path\
 has none" ]
        done
        [ ! -e "$name/build" ]
    done
    mkdir plain
    cp -r scripts plain/
    plain/scripts/plain-path wheel
}

@test "what can't be built is not installed: the README's commands stop there" {
    mkdir called
    printf '#!/bin/sh\necho "$0 $*" >>"%s/called/all"\n' "$PWD" >called/pip
    cp called/pip called/sudo
    chmod +x called/*
    printf '#!/bin/sh\n' >scripts/install-deps
    printf '#!/bin/sh\necho here; exit 3\n' >scripts/deb
    cp scripts/deb scripts/wheel
    for n in 1 2; do
        # The environment is another matter.
        block $n | grep -v itrack >commands
        grep -qE 'pip install|apt install' commands
        PATH=$PWD/called:$PATH run -3 sh -e commands
        PATH=$PWD/called:$PATH run -3 sh commands
        [ ! -e called/all ]
    done
    # The same commands, where it can be built.
    printf '#!/bin/sh\necho one\necho two\n' >scripts/deb
    block 2 >commands
    PATH=$PWD/called:$PATH run -0 sh commands
    [ "$(cat called/all)" = "$PWD/called/sudo apt install one two" ]
}
