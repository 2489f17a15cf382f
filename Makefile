# SPDX-License-Identifier: GPL-2.0-only
#
# make all        the agent, its client, its privileged helper and the BPF object, in build/
# make demo       set up, build, and show it working on real traffic (root)
# make test       set up, build, and run every test (root); or one stage: unit bpf-test fuzz e2e vm bench-check
# make check      formatting, static analysis, shell and Python syntax
# make bench      cost measurements (root; about 15 minutes, QUICK=1 two); ITEMS="loops nginx": those
# make bench-vm   instructions a request, counted in virtual machines; bench-check: fails on growth
# make install    DESTDIR and PREFIX as usual; without DESTDIR it makes the user and group sliprobe, too
# make soak       ten minutes of everything at once, then all books compared (root; SOAK_SECONDS=60: one)
# make clean
#
# SAN=1           the programs with AddressSanitizer and UBSan, in build/san, beside the usual ones;
#                 SLIPROBE_BUILD=build/san has the end-to-end tests run those
# V=1 shows commands. scripts/setup.sh installs what is needed on Debian.

VERSION := 0.1.0
O := build
ARCH := $(shell uname -m | sed -e s/x86_64/x86/ -e s/aarch64/arm64/)

PREFIX ?= /usr/local
UNITDIR ?= $(PREFIX)/lib/systemd/system
DOCDIR ?= $(PREFIX)/share/doc/sliprobe
FUZZ_SECONDS ?= 10
SOAK_SECONDS ?= 600

CLANG ?= clang
BPFTOOL ?= bpftool
PYTHON ?= /usr/bin/python3
ifeq ($(origin CC),default)
CC := gcc
endif

ifeq ($(V),1)
Q :=
msg =
else
Q := @
msg = @printf '  %-8s %s\n' '$(1)' '$(2)';
MAKEFLAGS += --no-print-directory
endif

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.DEFAULT_GOAL := all
.PHONY: all san demo test unit bpf-test fuzz e2e vm check soak bench bench-vm bench-check install clean \
	build-unit build-bpf-test build-fuzz build-e2e build-bench skeletons print-tidy-flags print-bpf-flags

# Flags

PKGS := libbpf libelf zlib yaml-0.1 jansson libmicrohttpd libcurl libcap-ng libseccomp nettle sqlite3
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
# The terminal view is slictl's alone.
TERM_PKG := ncursesw
TERM_LIBS := $(shell pkg-config --libs $(TERM_PKG) 2>/dev/null)
# The disassembler of the room `sites`, which has no pkg-config: for what finds sites alone.
SITES_LIBS := -lZydis

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CPPFLAGS_ALL := -D_GNU_SOURCE -DSLIPROBE_VERSION='"$(VERSION)"' -Iuser -Iinclude -I$(O)/bpf $(PKG_CFLAGS) \
	$(CPPFLAGS)
CFLAGS_BASE := -std=gnu17 -g $(WARNINGS)
CFLAGS_USER := $(CFLAGS_BASE) -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE $(CFLAGS)
LDFLAGS_USER := -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
# gcc's truncation warning is unreliable in instrumented code; the plain build has it on.
CFLAGS_SAN := $(CFLAGS_BASE) -Wno-format-truncation -O1 -fno-omit-frame-pointer $(SANITIZE) \
	$(CFLAGS)
CFLAGS_FUZZ := $(CFLAGS_BASE) -O1 -fno-omit-frame-pointer $(SANITIZE) $(CFLAGS)
# Tests may name headers from the root: "tests/unit/fixtures/guard.h".
CPPFLAGS_TEST := -I. $(CPPFLAGS_ALL)

BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Ibpf -Ivmlinux -Iinclude \
	-Wall -Werror

# Sources

# Programs of the agent, and those that tests run; a skeleton each.
BPF_SRCS := $(wildcard bpf/*.bpf.c tests/bpf/*.bpf.c)
SKELETONS := $(patsubst %.bpf.c,$(O)/bpf/%.skel.h,$(notdir $(BPF_SRCS)))

MAINS := user/sliprobed.c user/slictl.c user/sliprobe-helper.c
USER_SRCS := $(wildcard user/*/*.c)
# The room `kernel` includes skeletons, which are built first; all the others, and its pins and rings, are also
# built with sanitizers for unit tests and fuzzers.
KERNEL_SRCS := $(filter-out user/kernel/pins.c user/kernel/ring.c,$(wildcard user/kernel/*.c))
PURE_SRCS := $(filter-out $(KERNEL_SRCS),$(USER_SRCS))

LIB := $(O)/obj/libsliprobe.a
LIB_SAN := $(O)/obj-san/libsliprobe.a
LIB_FUZZ := $(O)/obj-fuzz/libsliprobe.a

UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(wildcard tests/unit/*/test_*.c))
BPF_TESTS := $(patsubst tests/bpf/%.c,$(O)/tests/bpf/%,$(wildcard tests/bpf/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

# The linker sends calls of X to the test's own __wrap_X, or that of a header of the tests that it includes.
WRAPS = $(shell grep -ohE '__wrap_[a-z_]+' $< $$(grep -ohE '"tests/[a-z0-9_/]+\.h"' $< | tr -d '"') \
	$$(grep -q 'malloc_fail\.h"' $< && echo tests/unit/fixtures/malloc_fail.h) | sort -u | \
	sed 's/__wrap_/-Wl,--wrap=/')

# Where the programs are built: two builds of them live side by side.
ifeq ($(SAN),1)
P := $(O)/san
else
P := $(O)
endif

all: $(P)/sliprobed $(P)/slictl $(P)/sliprobe-helper
san: $(O)/san/sliprobed $(O)/san/slictl $(O)/san/sliprobe-helper

# Without this check a missing package shows as a compiler's complaint about some header.
$(O)/.tools: Makefile
	@mkdir -p $(@D)
	@for tool in $(CC) $(CLANG) $(BPFTOOL) pkg-config; do \
		command -v $$tool >/dev/null || PATH=$$PATH:/usr/sbin command -v $$tool >/dev/null || \
		{ echo "make: $$tool not found: run scripts/setup.sh" >&2; exit 1; }; done
	@pkg-config --exists --print-errors $(PKGS) $(TERM_PKG) || \
		{ echo "make: a library is missing: run scripts/setup.sh" >&2; exit 1; }
	@touch $@

# BPF

$(O)/bpf/%.bpf.o: bpf/%.bpf.c Makefile | $(O)/.tools
	$(call msg,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(O)/bpf/%.bpf.o: tests/bpf/%.bpf.c Makefile | $(O)/.tools
	$(call msg,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -Itests/bpf/$* -I. $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(O)/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	$(call msg,SKEL,$@)
	$(Q)PATH=$$PATH:/usr/sbin $(BPFTOOL) gen skeleton $< name $*_bpf >$@.tmp
	$(Q)mv $@.tmp $@

skeletons: $(SKELETONS)

# What the page is made of: the assembler reads it, which the compiler does not tell.
$(O)/obj/user/page/parts.o $(O)/obj-san/user/page/parts.o $(O)/obj-fuzz/user/page/parts.o: \
	$(wildcard user/page/*.html user/page/*.css user/page/*.js)

# User side

$(O)/obj/%.o: %.c Makefile | $(O)/.tools
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_USER) -MMD -MP -c $< -o $@

$(O)/obj-san/%.o: %.c Makefile | $(O)/.tools
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_SAN) -MMD -MP -c $< -o $@

$(O)/obj-fuzz/%.o: %.c Makefile | $(O)/.tools
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS_ALL) $(CFLAGS_FUZZ) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@

$(KERNEL_SRCS:%.c=$(O)/obj/%.o) $(KERNEL_SRCS:%.c=$(O)/obj-san/%.o): | $(SKELETONS)

$(LIB): $(USER_SRCS:%.c=$(O)/obj/%.o)
$(LIB_SAN): $(PURE_SRCS:%.c=$(O)/obj-san/%.o)
$(LIB_FUZZ): $(PURE_SRCS:%.c=$(O)/obj-fuzz/%.o)
$(LIB) $(LIB_SAN) $(LIB_FUZZ):
	$(call msg,AR,$@)
	@mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(AR) qcs $@ $^ # q: files of two rooms may have the same name

$(O)/sliprobed $(O)/slictl $(O)/sliprobe-helper: $(O)/%: $(O)/obj/user/%.o $(LIB)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_USER) $(LDFLAGS_USER) $^ $(PKG_LIBS) $(MORE_LIBS) -lm -o $@

$(O)/slictl $(O)/san/slictl: MORE_LIBS := $(TERM_LIBS)

# LIB_SAN is without the room `kernel`, which unit tests do not need.
$(O)/san/sliprobed: $(O)/obj-san/user/sliprobed.o $(KERNEL_SRCS:%.c=$(O)/obj-san/%.o) $(LIB_SAN)
$(O)/san/slictl: $(O)/obj-san/user/slictl.o $(KERNEL_SRCS:%.c=$(O)/obj-san/%.o) $(LIB_SAN)
# It knows nothing of that room.
$(O)/san/sliprobe-helper: $(O)/obj-san/user/sliprobe-helper.o $(LIB_SAN)
$(O)/san/sliprobed $(O)/san/slictl $(O)/san/sliprobe-helper:
	$(call msg,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_SAN) $(LDFLAGS) $^ $(PKG_LIBS) $(MORE_LIBS) -lm -o $@

# Tests

$(O)/tests/unit/%: tests/unit/%.c $(LIB_SAN) Makefile | $(O)/.tools
	$(call msg,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_TEST) $(CFLAGS_SAN) -MMD -MP -MF $@.d $< $(LIB_SAN) \
		$(LDFLAGS) $(WRAPS) $(PKG_LIBS) $(MORE_LIBS) -lcmocka -lm -o $@

$(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(wildcard tests/unit/sites/test_*.c)) \
	$(O)/tests/unit/helper/test_look $(O)/tests/unit/helper/test_users \
	$(O)/sliprobe-helper $(O)/san/sliprobe-helper \
	$(O)/fuzz/fuzz_sites $(O)/fuzz/fuzz_go: MORE_LIBS := $(SITES_LIBS)
# Those that record real TLS connections.
$(O)/tests/unit/tls/test_match $(O)/tests/bpf/test_tls_records: MORE_LIBS := -lssl -lcrypto

$(O)/tests/bpf/%: tests/bpf/%.c $(LIB) Makefile | $(O)/.tools $(SKELETONS)
	$(call msg,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_TEST) $(CFLAGS_USER) -MMD -MP -MF $@.d $< $(LIB) \
		$(LDFLAGS_USER) $(PKG_LIBS) $(MORE_LIBS) -lcmocka -lm -o $@

$(O)/tests/bpf/test_tls: MORE_LIBS := -lssl -lcrypto
# An encoder, and a decoder, to compare with.
$(O)/tests/unit/http2/test_encoders $(O)/fuzz/fuzz_http2: MORE_LIBS := -lnghttp2

$(O)/fuzz/%: tests/fuzz/%.c $(LIB_FUZZ) Makefile | $(O)/.tools
	$(call msg,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS_TEST) $(CFLAGS_FUZZ) -Wno-missing-prototypes -fsanitize=fuzzer \
		-MMD -MP -MF $@.d $< $(LIB_FUZZ) $(LDFLAGS) $(WRAPS) $(PKG_LIBS) $(MORE_LIBS) -lcmocka \
		-lm -o $@

# Who starts the helper looks for it beside itself.
$(O)/tests/bpf/test_helper: | $(O)/tests/bpf/sliprobe-helper
$(O)/tests/bpf/sliprobe-helper: $(O)/sliprobe-helper
	$(Q)mkdir -p $(@D)
	$(Q)ln -sf ../../sliprobe-helper $@

build-unit: $(UNIT_TESTS)
build-bpf-test: $(BPF_TESTS)
build-fuzz: $(FUZZERS)
build-e2e: all san
	$(call msg,TEST,$(O)/tests/e2e)
	$(Q)mkdir -p $(O)/tests/e2e
	$(Q)tests/e2e/build.sh $(O)/tests/e2e

unit bpf-test fuzz e2e vm:
	+$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/test.sh --no-setup $@

test:
	+$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/test.sh

demo:
	+$(Q)scripts/demo.sh

check:
	+$(Q)scripts/check.sh

# SAN=1: of the programs with sanitizers
soak: build-e2e
	$(Q)SLIPROBE_BUILD=$(P) $(PYTHON) -B tests/soak/soak.py $(SOAK_SECONDS)

build-bench: all
	$(call msg,BENCH,$(O)/tests/bench)
	$(Q)tests/bench/build.sh $(O)/tests/bench $(LIB)

bench: build-bench
	$(Q)$(PYTHON) -B tests/bench/run.py $(ITEMS)

bench-vm: build-bench
	$(Q)tests/bench/vm/run.sh

bench-check: build-bench
	$(Q)tests/bench/vm/run.sh --check

print-tidy-flags:
	@printf '%s\n' $(CPPFLAGS_ALL) $(CFLAGS_BASE)

print-bpf-flags:
	@printf '%s\n' $(BPF_CFLAGS)

install: all
	install -D -m 0755 $(P)/sliprobed $(DESTDIR)$(PREFIX)/sbin/sliprobed
	install -D -m 0755 $(P)/sliprobe-helper $(DESTDIR)$(PREFIX)/sbin/sliprobe-helper
	install -D -m 0755 $(P)/slictl $(DESTDIR)$(PREFIX)/bin/slictl
	install -d $(DESTDIR)$(DOCDIR)/docs $(DESTDIR)$(UNITDIR)
	install -m 0644 README.md LICENSE deploy/sliprobe.yaml $(DESTDIR)$(DOCDIR)
	install -m 0644 docs/*.md $(DESTDIR)$(DOCDIR)/docs
	sed 's|/usr/local/|$(PREFIX)/|' deploy/sliprobe.service >$(DESTDIR)$(UNITDIR)/sliprobe.service
	chmod 0644 $(DESTDIR)$(UNITDIR)/sliprobe.service
	install -D -m 0644 deploy/sliprobe.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/sliprobe.conf
ifeq ($(DESTDIR),)
	{ getent passwd sliprobe && getent group sliprobe; } >/dev/null || \
		systemd-sysusers $(PREFIX)/lib/sysusers.d/sliprobe.conf || \
		{ getent group sliprobe >/dev/null || groupadd --system sliprobe; \
		useradd --system --gid sliprobe --home-dir / --shell /usr/sbin/nologin sliprobe; }
endif

clean:
	$(Q)rm -rf $(O)

-include $(wildcard $(O)/bpf/*.d $(O)/obj*/user/*.d $(O)/obj*/user/*/*.d $(O)/tests/unit/*/*.d \
	$(O)/tests/bpf/*.d $(O)/fuzz/*.d)
