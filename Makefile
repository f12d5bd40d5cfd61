# make run and make test are all that a bare Debian 12 needs: they install what is missing, build, and go.

JOBS ?= $(shell nproc)
SOURCES = $(shell find storage runtime graphs api tests bench cmake -name node_modules -prune -o \( -name '*.h' -o -name '*.cpp' \) -print)

.PHONY: run demo test test-program test-browser soak build deb bench profile format check-format lint deps

run: deps
	cmake --preset release --log-level=NOTICE
	cmake --build --preset release --parallel $(JOBS) --target heddle
	build/release/bin/heddle serve --config examples/langgraph.json --db ./heddle.db

# heddle, the Next.js client, and local stand-ins for Auth0, Gmail and the model: the whole flow without an account.
demo: deps
	cmake --preset release --log-level=NOTICE
	cmake --build --preset release --parallel $(JOBS) --target heddle
	scripts/demo.sh

# The unit tests, the conformance scenarios, the npm clients, these behind Next.js, two hundred kills, a moment of mixed load
# and one of clients that get in one another's way, the search for secrets that are left, and the chat in Chromium, against the
# real program; and a program of its own against the installed package. What waits much of its time goes beside the rest.
test: build
	ctest --preset release --parallel $(JOBS)
	$(MAKE) --no-print-directory --jobs 2 test-browser test-program

test-program:
	@if [ -x tests/conformance/run.sh ]; then tests/conformance/run.sh; fi
	@if [ -x tests/client/run.sh ]; then tests/client/run.sh; fi
	@if [ -x tests/passthrough/run.sh ]; then tests/passthrough/run.sh; fi
	tests/client/node_modules/node/bin/node examples/local-cloud/test/run.mjs
	tests/package/run.sh build/release
	tests/crash/run.sh build/release/bin --points 200
	tests/soak/run.sh build/release/bin --minutes 0.25
	tests/canary/run.sh build/release/bin

# What it says is shown when it has ended, and not between the lines of the rest.
test-browser:
	@tests/browser/run.sh build/release/bin >build/test-browser.log 2>&1; status=$$?; cat build/test-browser.log; exit $$status

# Longer than anybody waits: half an hour of mixed load, half an hour of contention, five minutes for each fuzz program, ten
# thousand kills, half an hour at a time. Fuzz programs and kills go on where the last call ended.
soak: build
	tests/soak/run.sh build/release/bin --minutes 30
	tests/fuzz/run.sh 300
	tests/crash/run.sh build/release/bin --points 10000 --minutes 30 --log $(CURDIR)/build/soak-crash.log

build: deps
	cmake --preset release --log-level=NOTICE
	cmake --build --preset release --parallel $(JOBS)

# Debian packages of the server and of what graphs of one's own are built with, in build/release/packages.
deb: build
	cd build/release && cpack

# What heddle costs, beside what the machine could do at best; takes some minutes. With PEER=1 the JavaScript server is
# measured beside it, the mix runs for ten minutes, and the report is the one in docs/.
BENCH_REPORT = $(if $(PEER),docs/measured,build/measured)
bench: build
ifdef PEER
	tests/client/install.sh
	bench/peer/install.sh build/peer
endif
	PATH="$(CURDIR)/tests/client/node_modules/node/bin:$$PATH" build/release/bin/heddle-bench \
	  --server build/release/bin/heddle-fixtures $(if $(PEER),--peer build/peer --mixed-seconds 600) --folder build \
	  --markdown $(BENCH_REPORT).md --json $(BENCH_REPORT).json
	cat $(BENCH_REPORT).md

# What the release build is arranged by (cmake/HeddleProfile.cmake): after larger changes, and before a report in docs/.
profile: build
	scripts/install-deps.sh llvm-19
	scripts/record-profile.sh

format: deps
	clang-format-19 -i $(SOURCES)

check-format: deps
	clang-format-19 --dry-run --Werror $(SOURCES)

# The preset `dev` knows how each file is compiled by itself; in `alone` each has to include what it uses.
lint: check-format
	cmake --preset dev --log-level=NOTICE
	cmake --build --preset dev --parallel $(JOBS) --target heddle_precompiled
	run-clang-tidy-19 -quiet -p build/dev -j $(JOBS) '^$(CURDIR)/(storage|runtime|graphs|api)/.*\.cpp$$'
	cmake --preset alone --log-level=NOTICE
	cmake --build --preset alone --parallel $(JOBS) --target heddle

deps:
	@scripts/install-deps.sh
