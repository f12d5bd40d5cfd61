// The rules of the house about its own sources, and that the rules find what they should.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/source_rules/coroutine_rules.h"
#include "tests/source_rules/file_rules.h"
#include "tests/source_rules/include_rules.h"
#include "tests/source_rules/source_text.h"

namespace heddle::source_rules {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Of a statement inside a coroutine.
std::vector<Finding> in_coroutine(const std::string& statement) {
  return coroutine_findings("asio::awaitable<void> run(Store& store) {\n  " + statement + "\n}\n");
}

bool finds(const std::vector<Finding>& findings, const std::string& word) {
  return std::ranges::any_of(findings, [&](const Finding& f) { return f.what.find(word) != std::string::npos; });
}

TEST_CASE("co_await in a condition is found") {
  for (const char* bad : {
           "if (co_await ready()) go();",
           "if (!co_await ready()) go();",
           "if (auto x = co_await find(); x) go();",
           "if constexpr (co_await ready()) go();",
           "while (co_await ready()) go();",
           "do { go(); } while (co_await ready());",
           "switch (co_await kind()) { case 1: break; }",
           "for (auto& x : co_await all()) go(x);",
           "for (int i = co_await first(); i < 3; ++i) go(i);",
           "if ((co_await ready())) go();",
       }) {
    INFO(bad);
    CHECK(finds(in_coroutine(bad), "condition"));
  }
}

TEST_CASE("co_await in ?: or beside && and || is found") {
  for (const char* bad : {"x = ok ? co_await a() : co_await b();", "auto x = ok ? 1 : co_await b();",
                          "auto x = co_await a() ? 1 : 2;", "return_value((co_await a() ? 1 : 2));"}) {
    INFO(bad);
    CHECK(finds(in_coroutine(bad), "?:"));
  }
  for (const char* bad : {"const bool x = co_await a() && b();", "const bool x = b() || co_await a();",
                          "co_return co_await a() || b();", "const bool x = b() and co_await a();"}) {
    INFO(bad);
    CHECK(finds(in_coroutine(bad), "&& or ||"));
  }
}

TEST_CASE("A braced value or a lambda with captures in what is awaited is found") {
  for (const char* bad : {"co_await put(Row{id, text});", "co_await f({.name = text});", "co_await put({a, b});",
                          "auto x = co_await put(1, std::vector<int>{1});", "co_await sleep(std::chrono::seconds{1});",
                          "co_await Awaitable{1};", "co_await put(wrap(Row{id}));"}) {
    INFO(bad);
    CHECK(finds(in_coroutine(bad), "braced value"));
  }
  for (const char* bad :
       {"co_await commit([run](Transaction& tx) { tx.add(run); });", "co_await commit([&] { go(); });",
        "co_await commit(1, [this]() -> int { return 1; });", "co_await wrap(make([=] { return x; }));"}) {
    INFO(bad);
    CHECK(finds(in_coroutine(bad), "lambda with captures"));
  }
}

TEST_CASE("co_await in a braced initialiser or in arguments is found") {
  for (const char* bad : {"Row row{co_await id(), text};", "const std::vector<int> x = {co_await id()};",
                          "co_return Row{co_await id()};", "auto x = Row{.id = co_await id()};"}) {
    INFO(bad);
    CHECK(finds(in_coroutine(bad), "braced initialiser"));
  }
  for (const char* bad : {"put(co_await id());", "x.put(1, co_await id());", "std::optional<int>(co_await id());",
                          "co_await put(co_await id());", "CHECK(co_await id() == 1);",
                          "auto x = static_cast<int>(co_await id());", "std::move(co_await id()).run();"}) {
    INFO(bad);
    CHECK(finds(in_coroutine(bad), "arguments"));
  }
  CHECK(finds(in_coroutine("auto x = list[co_await id()];"), "brackets"));
}

TEST_CASE("Two co_awaits in one statement are found") {
  CHECK(finds(in_coroutine("auto x = co_await a() + co_await b();"), "second co_await"));
  CHECK(finds(in_coroutine("co_await (co_await a()).run();"), "second co_await"));
  CHECK(finds(in_coroutine("go(); auto x = co_await a(), y = co_await b();"), "second co_await"));
}

TEST_CASE("The safe forms are left alone") {
  for (const char* good : {
           "co_await go();",
           "const bool is_ready = co_await ready(); if (is_ready) go();",
           "const auto [a, b] = co_await pair();",
           "auto&& x = co_await find();",
           "if (a && b) co_await go();",
           "if (a) { co_await go(); } else { co_await stop(); }",
           "if (a) co_await go(); else co_await stop();",
           "for (auto& x : all) co_await put(x);",
           "for (int i = 0; i < 3; ++i) { co_await put(i); }",
           "while (true) { co_await go(); if (a || b) break; }",
           "switch (x) { case 1: co_await go(); break; default: co_await stop(); }",
           "case_of(x); co_return co_await go();",
           "co_await (work() || timeout(5s));",
           "co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));",
           "const Row row{id, text}; co_await put(row);",
           "auto insert = [run](Transaction& tx) { tx.add(run); }; co_await commit(std::move(insert));",
           "auto work = [this]() -> asio::awaitable<void> { co_await go(); }; co_await work();",
           "auto work = [&](int x) mutable -> asio::awaitable<std::map<int, int>> { co_return co_await go(x); };",
           "run(io, [&]() -> asio::awaitable<void> { co_await go(); });",
           "co_await commit([] { return 1; });",
           "co_await put(list[1], x ? 1 : 2);",
           "const auto x = a ? 1 : 2; co_await go();",
           "std::vector<int> x{1, 2}; co_await go();",
           "try { co_await go(); } catch (const std::exception& e) { log(e); }",
           "(void)co_await go();",
           "struct Local { int x = 1; }; co_await go();",
           "// if (co_await ready())",
           "const char* text = \"if (co_await ready())\"; co_await go();",
           "co_await boost::asio::async_initiate<const Token, void(std::exception_ptr)>(std::move(start), token);",
           "{ co_await go(); } { co_await go(); }",
           "const int x = 1'000; co_await go(); const int y = 2'000;",
       }) {
    INFO(good);
    const std::vector<Finding> findings = in_coroutine(good);
    INFO((findings.empty() ? std::string() : findings.front().what));
    CHECK(findings.empty());
  }
}

TEST_CASE("Bodies of methods, lambdas and templates are blocks") {
  for (const char* good : {
           "class A : public B<int> { asio::awaitable<void> f() const override { co_await go(); } };",
           "namespace a::b { template <class T> requires C<T> asio::awaitable<T> f(T x) { co_return co_await g(x); } }",
           "A::A() : x_(1), y_{2} { auto f = [this]() -> awaitable<void> { co_await go(); }; }",
           "auto A::f() -> awaitable<int> { co_return co_await g(); }",
           "enum class E { a, b }; awaitable<void> f() { co_await go(); }",
           "const std::vector<int> list = {1, 2}; awaitable<void> f() { co_await go(); }",
       }) {
    INFO(good);
    CHECK(coroutine_findings(good).empty());
  }
}

TEST_CASE("A finding names its line") {
  const std::vector<Finding> findings =
      coroutine_findings("void f() {\n  /* one\n  two */ R\"(x\ny)\";\n  if (co_await x()) {}\n}");
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().line == 5);
}

TEST_CASE("Arrows between folders point downwards") {
  CHECK(finds(file_findings("storage/a.cpp", "#include \"runtime/json.h\"\n"), "storage must not know runtime"));
  CHECK(finds(file_findings("runtime/a.cpp", "#include \"graphs/tool.h\"\n"), "runtime must not know graphs"));
  CHECK(finds(file_findings("runtime/a.cpp", "#include \"api/settings.h\"\n"), "runtime must not know api"));
  CHECK(finds(file_findings("graphs/a.cpp", "#include \"storage/ids.h\"\n"), "graphs must not know storage"));
  CHECK(finds(file_findings("api/a.cpp", "#include \"tests/support/run.h\"\n"), "api must not know tests"));
  CHECK(
      file_findings("api/a.cpp", "#include \"api/b.h\"\n#include \"runtime/c.h\"\n#include \"storage/d.h\"\n").empty());
  CHECK(file_findings("tests/api/a.cpp", "#include \"api/b.h\"\n#include \"tests/c.h\"\n").empty());
}

TEST_CASE("Includes begin at the root of the project") {
  CHECK(finds(file_findings("api/a.cpp", "#include \"settings.h\"\n"), "root of the project"));
  CHECK(finds(file_findings("api/a.cpp", "#  include \"../runtime/json.h\"\n"), "root of the project"));
}

TEST_CASE("Each library stays in its room") {
  CHECK(finds(file_findings("storage/a.cpp", "#include <SQLiteCpp/Database.h>\n"), "SQLiteCpp"));
  CHECK(file_findings("storage/sqlite/a.cpp", "#include <SQLiteCpp/Database.h>\n").empty());
  CHECK(finds(file_findings("api/a.cpp", "#include <boost/beast/http/message.hpp>\n"), "Beast"));
  CHECK(file_findings("api/http/a.cpp", "#include <boost/beast/http/message.hpp>\n").empty());
  CHECK(finds(file_findings("graphs/a.cpp", "#include <curl/curl.h>\n"), "curl"));
  CHECK(file_findings("graphs/http/engine.cpp", "#include <curl/curl.h>\n").empty());
  CHECK(finds(file_findings("api/a.cpp", "#include <CLI/CLI.hpp>\n"), "CLI11"));
  CHECK(finds(file_findings("runtime/a.cpp", "#include \"storage/sqlite/writer.h\"\n"), "inner room"));
  CHECK(finds(file_findings("graphs/a.cpp", "#include \"runtime/pregel/plan.h\"\n"), "runtime/pregel/"));
}

TEST_CASE("Headers stay light") {
  const std::string once = "#pragma once\n";
  for (const char* heavy : {"boost/asio.hpp", "boost/json.hpp", "boost/beast.hpp", "boost/beast/core.hpp"}) {
    INFO(heavy);
    CHECK(finds(file_findings("api/http/a.h", once + "#include <" + heavy + ">\n"), "too heavy"));
  }
  CHECK(file_findings("api/a.h", once + "#include <boost/json/value.hpp>\n").empty());
  CHECK(finds(file_findings("api/a.h", "int x;\n"), "#pragma once"));
}

TEST_CASE("Words that hide trouble are found, and not in comments or texts") {
  CHECK(finds(file_findings("api/a.cpp", "asio::co_spawn(io, f(), asio::detached);"), "detached"));
  CHECK(finds(file_findings("api/a.cpp", "std::regex x;"), "std::regex"));
  CHECK(finds(file_findings("api/a.cpp", "std::regex_match(a, b);"), "std::regex"));
  CHECK(finds(file_findings("api/a.cpp", "try { f(); } catch (...) { /* nothing */ }"), "does nothing"));
  CHECK(file_findings("api/http/cors.cpp", "std::regex x;").empty());
  CHECK(file_findings("api/a.cpp", "// detached std::regex\nconst char* x = \"std::regex detached\";").empty());
  CHECK(file_findings("api/a.cpp", "try { f(); } catch (...) { throw; }").empty());
}

TEST_CASE("A TODO names its issue") {
  CHECK(finds(file_findings("api/a.cpp", "int x;  // TODO: later\n"), "TODO"));
  CHECK(finds(file_findings("api/a.cpp", "/* TODO(me) */\n"), "TODO"));
  CHECK(file_findings("api/a.cpp", "// TODO(#12): later\nconst char* x = \"TODO\";\n").empty());
}

TEST_CASE("A file of more than 900 lines is too long") {
  CHECK(file_findings("api/a.cpp", std::string(kLinesMax, '\n')).empty());
  CHECK(finds(file_findings("api/a.cpp", std::string(kLinesMax + 1, '\n')), "900 lines"));
}

TEST_CASE("A source is listed if a CMakeLists names it outside comments") {
  CHECK(is_listed("heddle_library(api SOURCES a.cpp http/b.cpp)", "http/b.cpp"));
  CHECK(is_listed("SOURCES\n  a.cpp\n", "a.cpp"));
  CHECK_FALSE(is_listed("SOURCES aa.cpp # a.cpp\n", "a.cpp"));
  CHECK_FALSE(is_listed("", "a.cpp"));
}

TEST_CASE("A name of the standard library whose header nobody includes is found, once for each header") {
  const std::string uses = "void f(std::span<int> all) {\n  std::ranges::sort(all);\n  std::min(1, 2);\n}\n";
  CHECK(include_findings("#include <algorithm>\n#include <span>\n" + uses, "").empty());
  CHECK(include_findings("#include <algorithm>\n" + uses, "#include <span>\n").empty());
  const std::vector<Finding> findings = include_findings("#include <span>\n" + uses, "");
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().line == 3);
  CHECK(findings.front().what == "std::sort wants #include <algorithm>");
  CHECK(finds(include_findings("auto x = std::ranges::find(list, 1);\n", ""), "<algorithm>"));
  CHECK(include_findings("// std::sort\nauto x = std::vector<int>::max(); auto y = my::sort(x); auto z = 1;\n", "")
            .empty());
}

TEST_CASE("Texts and comments are told from code") {
  const SourceText text = split_source("a('\"'); // b\nc(R\"x(\" // d)x\", 1'000, \"\\\"e\"); /* f */ g");
  CHECK(text.code.find('b') == std::string::npos);
  CHECK(text.code.find('d') == std::string::npos);
  CHECK(text.code.find('e') == std::string::npos);
  CHECK(text.code.find('f') == std::string::npos);
  CHECK(text.code.find('g') != std::string::npos);
  CHECK(text.code.find("1'000") != std::string::npos);
  CHECK(text.comments.find("// b") != std::string::npos);
  CHECK(text.code.size() == text.comments.size());
}

// All sources of the project, from its root.
std::vector<std::string> sources() {
  const fs::path root(HEDDLE_SOURCE_DIR);
  std::vector<std::string> found;
  for (const char* folder : {"storage", "runtime", "graphs", "api", "tests", "bench", "cmake", "examples"}) {
    if (!fs::exists(root / folder)) continue;
    for (auto entry = fs::recursive_directory_iterator(root / folder); entry != fs::recursive_directory_iterator();
         ++entry) {
      const std::string name = entry->path().filename().string();
      if (entry->is_directory() && (name == "node_modules" || name == "build" || name.starts_with("."))) {
        entry.disable_recursion_pending();
      }
      const std::string extension = entry->path().extension().string();
      if (!entry->is_regular_file() || (extension != ".h" && extension != ".cpp")) continue;
      found.push_back(entry->path().lexically_relative(root).generic_string());
    }
  }
  std::ranges::sort(found);
  return found;
}

void report(const std::string& path, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    FAIL_CHECK(path << ":" << finding.line << ": " << finding.what);
  }
}

TEST_CASE("The sources keep the rules of the house") {
  const std::vector<std::string> all = sources();
  REQUIRE(all.size() > 20);
  for (const std::string& path : all) {
    const std::string source = read(fs::path(HEDDLE_SOURCE_DIR) / path);
    report(path, file_findings(path, source));
    if (lines_of(source) > kLinesWarned)
      WARN(path << " has " << lines_of(source) << " lines; look for the second thing in it");
  }
}

TEST_CASE("The sources have no form of co_await that g++ 12 miscompiles") {
  for (const std::string& path : sources()) {
    report(path, coroutine_findings(read(fs::path(HEDDLE_SOURCE_DIR) / path)));
  }
}

TEST_CASE("The sources of the product and the bench include what they use of the standard library") {
  const fs::path root(HEDDLE_SOURCE_DIR);
  for (const std::string& path : sources()) {
    if (path.starts_with("tests/") || path.starts_with("examples/") || path.starts_with("cmake/")) continue;
    const fs::path header = fs::path(path).replace_extension(".h");
    const bool has_header = path.ends_with(".cpp") && fs::exists(root / header);
    report(path, include_findings(read(root / path), has_header ? read(root / header) : ""));
  }
}

TEST_CASE("Every included file of ours is there") {
  const fs::path root(HEDDLE_SOURCE_DIR);
  for (const std::string& path : sources()) {
    for (const Include& include : includes_of(split_source(read(root / path)))) {
      if (!include.quoted || fs::exists(root / include.path)) continue;
      FAIL_CHECK(path << ":" << include.line << ": no file " << include.path);
    }
  }
}

TEST_CASE("Every source is in the build") {
  const fs::path root(HEDDLE_SOURCE_DIR);
  for (const std::string& path : sources()) {
    if (!path.ends_with(".cpp") || path.starts_with("cmake/")) continue;
    bool listed = false;
    for (fs::path folder = fs::path(path).parent_path(); !listed && !folder.empty(); folder = folder.parent_path()) {
      const std::string relative = fs::path(path).lexically_relative(folder).generic_string();
      listed = is_listed(read(root / folder / "CMakeLists.txt"), relative);
    }
    if (!listed) FAIL_CHECK(path << ": no CMakeLists.txt names it, so it is not built");
  }
}

}  // namespace
}  // namespace heddle::source_rules
