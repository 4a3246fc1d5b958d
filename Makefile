# itrack: programs, library, tests. Products in build/ (or BUILD=...).
#   make help    lists the targets

VERSION := $(shell cat VERSION)

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
BUILD  ?= build
ifeq ($(strip $(BUILD)),)
$(error BUILD is empty: everything would be written into /)
endif
# Named in full it is the same directory: what depends on a header is known by
# the name that an object was built by.
override BUILD := $(subst $(CURDIR)/,,$(BUILD))

CC         ?= cc
PKG_CONFIG ?= pkg-config
CFLAGS     ?= -O2 -g

# EMBED=DIR: the programs have the libraries that scripts/embed made there in them,
# and need libc alone (scripts/wheel, scripts/dist); its tools compile them.
ifdef EMBED
include $(EMBED)/tools.mk
PACKAGE_CFLAGS := -DLIBCURL_LINKED -DCURL_STATICLIB -DLIBBSD_OVERLAY \
    -I$(EMBED)/include/bsd -isystem $(EMBED)/include
PACKAGE_LIBS := $(patsubst %,$(EMBED)/lib/lib%.a,curl mbedtls z bsd md cjson yaml) \
    -pthread -lm -ldl -Wl,--gc-sections
LIBRARY_LIBS := $(EMBED)/lib/libbsd.a $(EMBED)/lib/libmd.a -lm
else
PACKAGES     := libmd libbsd-overlay zlib libcurl libcjson yaml-0.1
PACKAGE_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
# libcurl is loaded when the first request is made (lib/http/libcurl.c), by the
# name that the linker would have noted.
PACKAGE_LIBS   := $(shell $(PKG_CONFIG) --libs $(filter-out libcurl,$(PACKAGES))) \
    -lm -ldl
LIBCURL := $(or $(shell readelf -d $(shell $(PKG_CONFIG) --variable=libdir \
    libcurl)/libcurl.so 2>/dev/null | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'),\
    libcurl.so.4)
# Programs find their libraries where they were built with them, whatever
# LD_LIBRARY_PATH says: RPATH stands above it, and counts for the libraries of
# the libraries, too. A distribution's package sets RPATH= to nothing.
PACKAGE_DIRS := $(sort $(foreach p,$(PACKAGES),\
    $(shell $(PKG_CONFIG) --variable=libdir $(p))))
RPATH ?= -Wl,--disable-new-dtags $(PACKAGE_DIRS:%=-Wl,-rpath,%)
PACKAGE_LIBS += $(RPATH)
LIBRARY_PACKAGES := libmd libbsd-overlay
LIBRARY_LIBS := -Wl,--as-needed \
    $(shell $(PKG_CONFIG) --libs $(LIBRARY_PACKAGES)) -lm
endif

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    -Wpointer-arith -Wwrite-strings -Wformat=2 -Wvla -Wundef
# Not by CI=, which every service sets that builds itrack, with its own compiler.
ifdef WERROR
WARNINGS += -Werror
endif
ifdef EMBED
# zig's compiler is clang, which minds what gcc lets pass; musl's headers compare so.
WARNINGS += -Wno-missing-field-initializers -Wno-sign-compare
endif
HARDENING := -fstack-protector-strong -D_FORTIFY_SOURCE=2
SANITIZE  ?=
ifneq ($(SANITIZE),)
HARDENING := -fno-omit-frame-pointer -fsanitize=$(SANITIZE) \
    -fno-sanitize-recover=all
endif

CPPFLAGS_ALL := -D_GNU_SOURCE -DITRACK_VERSION='"$(VERSION)"' \
    -DITRACK_PREFIX='"$(PREFIX)"' -DLIBCURL='"$(LIBCURL)"' -I. -Ilib \
    -include base/banned.h $(CPPFLAGS)
# Each file is compiled once, for the programs and for the library, which shows
# itrack_* alone.
CFLAGS_ALL   := -std=c11 $(WARNINGS) $(HARDENING) -fPIC -fvisibility=hidden \
    -ffunction-sections -fdata-sections $(CFLAGS) -MMD -MP
LDFLAGS_ALL  := -pie -Wl,-z,relro,-z,now $(LDFLAGS)
ifneq ($(SANITIZE),)
LDFLAGS_ALL += -fsanitize=$(SANITIZE)
endif

# --- what is built from what -------------------------------------------------

# Every C file of a room, and of the rooms within it.
room = $(sort $(foreach r,$(1),$(wildcard $(r)/*.c $(r)/*/*.c $(r)/*/*/*.c)))

CORE_SOURCES    := $(call room,lib/base lib/format lib/stats lib/journal lib/mapping \
    lib/foreign lib/http lib/tracker watcher)
LIBRARY_SOURCES := $(call room,lib/base lib/format lib/journal lib/mapping \
    lib/itrack) lib/tracker/about.c $(wildcard lib/tracker/*/about.c)
SHIM_SOURCES    := $(call room,wrap/shim)
# What the launcher links is libc only, whatever room it is of: what is known of
# the trackers is plain data.
OPTIONS_NEED    := lib/base/uri.c lib/format/trackinguri.c lib/format/rule.c \
    lib/format/decimal.c lib/tracker/about.c $(wildcard lib/tracker/*/about.c)
LAUNCH_SOURCES  := $(call room,wrap/launch wrap/link wrap/options) \
    wrap/shim/filters.c lib/base/closing.c lib/base/environment.c \
    lib/base/scheduler.c $(OPTIONS_NEED)
WORKER_SOURCES  := $(call room,wrap/worker wrap/link wrap/attempt wrap/options)
ITRACK_SOURCES  := $(call room,wrap/itrack wrap/attempt wrap/options) \
    wrap/launch/shimlink.c
# All of the programs but their main: for tests.
PARTS_SOURCES   := $(filter-out %/main.c lib/%,$(sort $(LAUNCH_SOURCES) \
    $(WORKER_SOURCES) $(ITRACK_SOURCES)))
UNIT_SOURCES   := $(sort $(wildcard tests/unit/*.c))
MANUALS        := $(sort $(wildcard man/*.1))
MANUALS_3      := $(sort $(wildcard man/*.3))
PROGRAM_SOURCES := $(sort $(wildcard tests/programs/*.c))
DRIVER_SOURCES  := $(sort $(wildcard tests/drivers/*.c))
FUZZ_SOURCES   := $(sort $(wildcard tests/fuzz/fuzz_*.c))

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

CORE   := $(BUILD)/libitrack-core.a
PARTS  := $(BUILD)/libitrack-parts.a
WRAP   := $(BUILD)/bin/itrack-wrap
ITRACK := $(BUILD)/bin/itrack
WORKER := $(BUILD)/libexec/itrack/itrack-worker
SHIM   := $(BUILD)/libexec/itrack/itrack-preload.so

# Made of the table of options by a program that runs where the build runs.
BUILD_CC ?= $(CC)
# The shim goes into commands, and has their C library.
SHIM_CC ?= $(CC)
COMPLETIONS := $(BUILD)/completions/bash/itrack \
    $(BUILD)/completions/bash/itrack-wrap \
    $(BUILD)/completions/zsh/_itrack $(BUILD)/completions/zsh/_itrack-wrap \
    $(BUILD)/completions/fish/itrack.fish \
    $(BUILD)/completions/fish/itrack-wrap.fish
OPTION_SOURCES := $(call room,wrap/completions wrap/options) $(OPTIONS_NEED)

LIBRARY := $(BUILD)/lib/libitrack.so.0
ARCHIVE := $(BUILD)/lib/libitrack.a

UNIT_TESTS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(UNIT_SOURCES))
TEST_PROGRAMS := $(patsubst tests/programs/%.c,$(BUILD)/tests/programs/%,\
    $(PROGRAM_SOURCES))
TEST_DRIVERS  := $(patsubst tests/drivers/%.c,$(BUILD)/tests/drivers/%,\
    $(DRIVER_SOURCES))
FUZZ_REPLAYS  := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/tests/fuzz/%,\
    $(FUZZ_SOURCES))

# Objects on the way to a test are kept.
.PRECIOUS: $(BUILD)/obj/%.o $(BUILD)/fuzz/obj/%.o

.PHONY: force all check check-san bench fuzz lint tidy format install install-programs install-library install-strip uninstall \
    clean help torture print-library-sources compile_commands.json

PROGRAMS := $(WRAP) $(ITRACK) $(WORKER) $(SHIM) $(COMPLETIONS)
# The archive is for programs that are built where itrack is.
LIBRARIES := $(LIBRARY) $(if $(EMBED),,$(ARCHIVE))

all: $(PROGRAMS) $(LIBRARIES)

help:
	@echo 'all         programs and libraries, in $(BUILD)/'
	@echo 'check       every test; check-san: with ASan and UBSan'
	@echo 'torture     the long forms of the kill and fault tests'
	@echo 'bench       figures as ratios against named peers'
	@echo 'fuzz        every fuzz target, SECONDS=600 each; FUZZ="NAME..." these;'
	@echo '            their seeds alone are part of check'
	@echo 'lint        format, static analysis, shell, includes, exports'
	@echo 'tidy        of lint: clang-tidy, for the files that have changed'
	@echo 'format      clang-format for all C files, in place'
	@echo 'install     DESTDIR= PREFIX= LIBDIR= honoured; install-strip; uninstall;'
	@echo '            install-programs, install-library: one of the two halves'
	@echo 'clean       removes $(BUILD)/'
	@echo 'compile_commands.json   how each file is compiled, for editors'
	@echo 'print-library-sources   the sources of the library, one a line'
	@echo 'Set CC, CFLAGS, BUILD=DIR, SANITIZE=address,undefined as you like.'

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(PACKAGE_CFLAGS) $(CFLAGS_ALL) -c -o $@ $<

# Which sources something is made of: the file is newer when others are. Without it
# a build directory would keep in its products what a removed source has left.
$(BUILD)/lists/%: force
	@mkdir -p $(@D)
	@printf '%s\n' $($*_SOURCES) | cmp -s - $@ || \
	    printf '%s\n' $($*_SOURCES) >$@

$(CORE): $(call objects,$(CORE_SOURCES)) $(BUILD)/lists/CORE
	rm -f $@
	$(AR) qcs $@ $(filter %.o,$^)

$(PARTS): $(call objects,$(PARTS_SOURCES)) $(BUILD)/lists/PARTS
	rm -f $@
	$(AR) qcs $@ $(filter %.o,$^)

# The launcher: libc only, so that it starts at once. Linked statically where
# libc comes as an archive: the dynamic linker would take a fifth of its time.
$(WRAP): $(call objects,$(LAUNCH_SOURCES)) $(BUILD)/lists/LAUNCH
	@mkdir -p $(@D)
	@rm -f $@
	@[ -n "$(SANITIZE)" ] || $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -static-pie \
	    -o $@ $(filter %.o,$^) 2>/dev/null || :
	@[ -e $@ ] || $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^)

ifdef EMBED
# Nothing is there twice: one program has the worker and the commands (wrap/one).
$(BUILD)/obj/wrap/worker/main.o: CPPFLAGS_ALL += -Dmain=worker_main -include wrap/one/one.h
$(BUILD)/obj/wrap/itrack/main.o: CPPFLAGS_ALL += -Dmain=itrack_main -include wrap/one/one.h

$(WORKER): $(call objects,$(sort wrap/one/main.c $(WORKER_SOURCES) \
    $(ITRACK_SOURCES) $(call room,lib/itrack))) $(CORE) $(BUILD)/lists/WORKER \
    $(BUILD)/lists/ITRACK
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.o %.a,$^) $(PACKAGE_LIBS)

$(ITRACK): $(call objects,wrap/one/itrack.c wrap/launch/home.c)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^
else
$(WORKER): $(call objects,$(WORKER_SOURCES)) $(CORE) $(BUILD)/lists/WORKER
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.o %.a,$^) $(PACKAGE_LIBS)

$(ITRACK): $(call objects,$(ITRACK_SOURCES)) $(ARCHIVE) $(CORE) $(BUILD)/lists/ITRACK
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.o %.a,$^) $(PACKAGE_LIBS)
endif

# The shim goes into other people's processes: libc only, never sanitized. Its build ID
# does not depend on where it was built.
$(SHIM): $(SHIM_SOURCES) $(wildcard wrap/shim/*.h) wrap/shim/shim.map \
    $(BUILD)/lists/SHIM
	@mkdir -p $(@D)
	$(SHIM_CC) -D_GNU_SOURCE -I. -std=c11 $(WARNINGS) -O2 -g -fPIC -shared \
	    -fvisibility=hidden -fstack-protector-strong \
	    -Wl,--version-script=wrap/shim/shim.map -Wl,-z,relro,-z,now \
	    -Wl,-z,defs -ffile-prefix-map="$$PWD"=. $(if $(EMBED),$(LDFLAGS)) \
	    -o $@ $(SHIM_SOURCES)

ifeq ($(BUILD_CC),$(CC))
$(BUILD)/completions/program: $(call objects,$(OPTION_SOURCES))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^
else
$(BUILD)/completions/program: $(OPTION_SOURCES) lib/tracker/about.h \
    wrap/options/options.h
	@mkdir -p $(@D)
	$(BUILD_CC) $(CPPFLAGS_ALL) -std=c11 $(WARNINGS) -o $@ $(OPTION_SOURCES)
endif

$(BUILD)/completions/table: $(BUILD)/completions/program
	$< >$@.new
	mv $@.new $@

$(COMPLETIONS): $(BUILD)/completions/table scripts/completions
	@mkdir -p $(@D)
	scripts/completions $(notdir $(@D)) \
	    $(patsubst _%,%,$(basename $(notdir $@))) <$< >$@.new
	mv $@.new $@

# The library carries what it needs of the core.
$(LIBRARY): $(call objects,$(LIBRARY_SOURCES)) lib/itrack.map \
    $(BUILD)/lists/LIBRARY
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -pthread -shared -Wl,-soname,libitrack.so.0 \
	    -Wl,--version-script=lib/itrack.map -Wl,--gc-sections \
	    -Wl,-z,relro,-z,now -Wl,-z,defs $(LDFLAGS) \
	    $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -o $@ $(filter %.o,$^) \
	    $(LIBRARY_LIBS)
	ln -sf libitrack.so.0 $(@D)/libitrack.so

# One object, so that its other names don't meet those of the program.
$(ARCHIVE): $(call objects,$(LIBRARY_SOURCES)) $(BUILD)/lists/LIBRARY
	@mkdir -p $(@D)
	$(LD) -r -o $(BUILD)/lib/itrack.o $(filter %.o,$^)
	objcopy -w --keep-global-symbol='itrack_*' $(BUILD)/lib/itrack.o
	rm -f $@
	$(AR) qcs $@ $(BUILD)/lib/itrack.o

print-library-sources:
	@printf '%s\n' $(LIBRARY_SOURCES)

# --- tests -------------------------------------------------------------------

# Against the library as its users have it.
$(BUILD)/tests/unit/test_itrack: $(BUILD)/obj/tests/unit/test_itrack.o \
    $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -pthread -o $@ $< -L$(BUILD)/lib \
	    -Wl,-rpath,$(abspath $(BUILD))/lib -litrack

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(PARTS) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	    $(PACKAGE_LIBS)

# Programs that drive a part of the core for command-line tests.
$(BUILD)/tests/drivers/%: $(BUILD)/obj/tests/drivers/%.o $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(PACKAGE_LIBS)

# Small commands to wrap: plain libc; NAME_static.c is linked statically.
$(BUILD)/tests/programs/%: tests/programs/%.c
	@mkdir -p $(@D) $(BUILD)/obj/tests/programs
	$(CC) -D_GNU_SOURCE -std=c11 $(WARNINGS) -O1 -g -pthread -MMD -MP \
	    -MT $@ -MF $(BUILD)/obj/tests/programs/$*.d \
	    $(if $(filter %_static,$*),-static) -o $@ $<

# A fuzz target over its seeds: what one has found never comes back.
$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o \
    $(BUILD)/obj/tests/fuzz/replay.o $(PARTS) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(PACKAGE_LIBS)

check: all $(UNIT_TESTS) $(TEST_PROGRAMS) $(TEST_DRIVERS) $(FUZZ_REPLAYS)
	BUILD='$(abspath $(BUILD))' scripts/check

check-san:
	$(MAKE) BUILD=build/san SANITIZE=address,undefined CFLAGS='-O1 -g' check

torture: all $(UNIT_TESTS) $(TEST_PROGRAMS) $(TEST_DRIVERS)
	BUILD='$(abspath $(BUILD))' ITRACK_TORTURE=1 scripts/check

bench: all $(TEST_PROGRAMS) $(TEST_DRIVERS)
	BUILD='$(abspath $(BUILD))' scripts/bench

# Each target runs SECONDS from its corpus; what it finds new stays in
# $(BUILD)/fuzz/found/NAME, a crash in $(BUILD)/fuzz/NAME-*. FUZZ= names one.
SECONDS  ?= 600
FUZZ     ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SOURCES))
FUZZ_CC  ?= clang
FUZZ_FLAGS := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all \
    -fsanitize=address,undefined
fuzz_objects = $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(1))

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS_ALL) $(PACKAGE_CFLAGS) -std=c11 $(WARNINGS) \
	    $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/libfuzzed.a: $(call fuzz_objects,$(CORE_SOURCES) $(PARTS_SOURCES)) \
    $(BUILD)/lists/CORE $(BUILD)/lists/PARTS
	rm -f $@
	$(AR) qcs $@ $(filter %.o,$^)

$(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/obj/tests/fuzz/fuzz_%.o \
    $(BUILD)/fuzz/libfuzzed.a
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(PACKAGE_LIBS)

fuzz: $(patsubst %,$(BUILD)/fuzz/fuzz_%,$(FUZZ))
	@set -e; for name in $(FUZZ); do \
	    mkdir -p $(BUILD)/fuzz/found/$$name tests/fuzz/corpus/$$name; \
	    echo "fuzz $$name, $(SECONDS) s"; \
	    nice -n 19 $(BUILD)/fuzz/fuzz_$$name -max_total_time=$(SECONDS) \
	        -artifact_prefix='$(abspath $(BUILD))'/fuzz/$$name- \
	        -print_final_stats=1 -verbosity=0 $(BUILD)/fuzz/found/$$name \
	        tests/fuzz/corpus/$$name; \
	done

lint: all
	BUILD='$(abspath $(BUILD))' scripts/lint

compile_commands.json:
	@scripts/compile-commands $(CC) $(CPPFLAGS_ALL) $(PACKAGE_CFLAGS) \
	    $(CFLAGS_ALL) -- $(sort $(CORE_SOURCES) $(LIBRARY_SOURCES) \
	    $(PARTS_SOURCES) $(wildcard wrap/*/main.c) $(UNIT_SOURCES) \
	    $(DRIVER_SOURCES)) >$@

# One stamp for each file that clang-tidy found nothing in; part of lint.
tidy: $(patsubst %.c,$(BUILD)/lint/%.tidy,$(sort $(CORE_SOURCES) \
    $(LIBRARY_SOURCES) \
    $(LAUNCH_SOURCES) $(WORKER_SOURCES) $(ITRACK_SOURCES)))

$(BUILD)/lint/%.tidy: $(BUILD)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	clang-tidy --quiet $*.c -- -std=c11 $(CPPFLAGS_ALL) $(PACKAGE_CFLAGS) \
	    2>$@.log
	touch $@

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

# --- installation ------------------------------------------------------------

# STRIP=-s leaves symbols and lines for a debugger out; the archive has them always.
STRIP ?=
SHARE := $(DESTDIR)$(PREFIX)/share
COMPLETION_DIRS := bash-completion/completions zsh/site-functions \
    fish/vendor_completions.d
# The loader's cache, where the library goes into the running system.
LDCONFIG = $(if $(DESTDIR),:,PATH="$$PATH:/usr/sbin:/sbin" ldconfig 2>/dev/null || :)

install: install-programs install-library

# Each place may have a blank in its name.
install-programs: $(PROGRAMS)
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/libexec/itrack' \
	    '$(SHARE)/man/man1' $(COMPLETION_DIRS:%='$(SHARE)/%')
	install $(STRIP) -m 755 $(WRAP) $(ITRACK) '$(DESTDIR)$(PREFIX)/bin/'
	install $(STRIP) -m 755 $(WORKER) '$(DESTDIR)$(PREFIX)/libexec/itrack/'
	install $(STRIP) -m 644 $(SHIM) '$(DESTDIR)$(PREFIX)/libexec/itrack/'
	install -m 644 $(MANUALS) '$(SHARE)/man/man1/'
	install -m 644 $(BUILD)/completions/bash/* '$(SHARE)/bash-completion/completions/'
	install -m 644 $(BUILD)/completions/zsh/* '$(SHARE)/zsh/site-functions/'
	install -m 644 $(BUILD)/completions/fish/* '$(SHARE)/fish/vendor_completions.d/'

install-library: $(LIBRARIES)
	install -d '$(SHARE)/man/man3' '$(DESTDIR)$(PREFIX)/include' \
	    '$(DESTDIR)$(LIBDIR)/pkgconfig'
	install -m 644 $(MANUALS_3) '$(SHARE)/man/man3/'
	install -m 644 lib/itrack.h '$(DESTDIR)$(PREFIX)/include/'
	install $(STRIP) -m 755 $(LIBRARY) '$(DESTDIR)$(LIBDIR)/'
	ln -sf libitrack.so.0 '$(DESTDIR)$(LIBDIR)/libitrack.so'
	$(if $(EMBED),,install -m 644 $(ARCHIVE) '$(DESTDIR)$(LIBDIR)/')
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
	    -e 's|@VERSION@|$(VERSION)|' lib/itrack.pc.in >$(BUILD)/itrack.pc
	install -m 644 $(BUILD)/itrack.pc '$(DESTDIR)$(LIBDIR)/pkgconfig/'
	@$(LDCONFIG)
	@[ -n '$(DESTDIR)' ] || scripts/install-hint '$(LIBDIR)'

install-strip:
	$(MAKE) STRIP=-s install

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/itrack-wrap' '$(DESTDIR)$(PREFIX)/bin/itrack'
	rm -rf '$(DESTDIR)$(PREFIX)/libexec/itrack'
	rm -f '$(DESTDIR)$(PREFIX)/include/itrack.h' \
	    '$(DESTDIR)$(LIBDIR)/libitrack.so.0' \
	    '$(DESTDIR)$(LIBDIR)/libitrack.so' '$(DESTDIR)$(LIBDIR)/libitrack.a' \
	    '$(DESTDIR)$(LIBDIR)/pkgconfig/itrack.pc'
	rm -f $(MANUALS_3:man/%='$(SHARE)/man/man3/%')
	rm -f $(MANUALS:man/%='$(SHARE)/man/man1/%')
	rm -f $(patsubst %,'$(SHARE)/bash-completion/completions/%',itrack itrack-wrap) \
	    $(patsubst %,'$(SHARE)/zsh/site-functions/%',_itrack _itrack-wrap) \
	    $(patsubst %,'$(SHARE)/fish/vendor_completions.d/%',itrack.fish itrack-wrap.fish)
	@$(LDCONFIG)

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj $(BUILD)/fuzz/obj -name '*.d' 2>/dev/null)
