#!/usr/bin/env bats
# On a terminal, as a job of a shell: bare and wrapped look the same.

bats_require_minimum_version 1.5.0
load ../launch

setup() {
    launch_setup
}

same_on_terminal() {
    local terminal=$BATS_TEST_DIRNAME/../programs/launch_terminal.py
    python3 "$terminal" "$1" env >bare.out 3>&-
    for option in --track=local --no-preload; do
        python3 "$terminal" "$1" "$wrap" -q "$option" -- >wrapped.out 3>&-
        diff bare.out wrapped.out || return 1
    done
    [ -s bare.out ]
}

@test "it is a terminal, of the same size, in the foreground" {
    same_on_terminal terminal
}

@test "a change of the size comes once" {
    same_on_terminal size
}

@test "Ctrl-C comes once" {
    same_on_terminal ctrl-c
    same_on_terminal ctrl-c-dies
}

@test "Ctrl-backslash comes once" {
    same_on_terminal ctrl-backslash
    same_on_terminal ctrl-backslash-dies
}

@test "end of file" {
    same_on_terminal end-of-file
}

@test "Ctrl-Z stops, fg continues" {
    same_on_terminal ctrl-z
}

@test "reading and writing in the background" {
    same_on_terminal background-read
    same_on_terminal background-write
}

@test "the terminal goes away" {
    same_on_terminal hang-up
    same_on_terminal hang-up-leader
}
