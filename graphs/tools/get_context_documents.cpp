#include "graphs/tools/get_context_documents.h"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "graphs/tools/search_gmail.h"
#include "runtime/json.h"
#include "runtime/schema.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;

constexpr std::int64_t kItemsMax = 200;
constexpr std::size_t kDocumentsMax = 4;  // as in the sample
constexpr std::size_t kComparedMax = 64UL * 1024;
constexpr std::size_t kToldMax = 8UL * 1024;

struct Document {
  std::string object;
  std::string text;
  std::set<std::string> words;
  double score = 0;
};

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80U;
}

std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  for (const char upper : text.substr(0, kComparedMax)) {
    const char c = upper >= 'A' && upper <= 'Z' ? static_cast<char>(upper - 'A' + 'a') : upper;
    if (is_word_character(c)) {
      word.push_back(c);
      continue;
    }
    if (word.size() > 1) words.insert(word);
    word.clear();
  }
  if (word.size() > 1) words.insert(word);
  return words;
}

std::vector<Document> documents_from(const std::vector<runtime::StoreItem>& items) {
  std::vector<Document> documents;
  for (const runtime::StoreItem& item : items) {
    Document document;
    for (const char* key : {"text", "content", "pageContent"}) {
      if (document.text.empty()) document.text = std::string(runtime::find_text(item.value, key).value_or(""));
    }
    if (document.text.empty()) continue;
    document.object = "doc:" + std::string(runtime::find_text(item.value, "documentId").value_or(item.key));
    document.words = words_of(document.text);
    documents.push_back(std::move(document));
  }
  return documents;
}

// A word that few documents have counts more. Those without any word of the question go; the best are first.
void rank(std::vector<Document>& documents, const std::set<std::string>& question) {
  const double all = static_cast<double>(documents.size());
  for (const std::string& word : question) {
    auto has_it = [&](const Document& document) { return document.words.contains(word); };
    const auto count = static_cast<double>(std::ranges::count_if(documents, has_it));
    for (Document& document : documents) {
      if (has_it(document)) document.score += std::log(1 + all / count);
    }
  }
  std::erase_if(documents, [](const Document& document) { return document.score <= 0; });
  std::ranges::sort(documents, [](const Document& one, const Document& other) {
    return one.score != other.score ? one.score > other.score : one.object < other.object;
  });
}

asio::awaitable<ToolResult> find_documents(std::shared_ptr<Fga> fga, runtime::StoreNamespace name_space,
                                           ToolContext& context, json::object arguments) {
  const std::optional<std::string> user = fga_user(context.node().config());
  if (!user) co_return "There is no user logged in.";
  runtime::Store* store = context.node().store();
  if (store == nullptr) throw std::runtime_error("there is no store with documents here");
  runtime::StoreSearch below;
  below.prefix = std::move(name_space);
  below.page.limit = kItemsMax;
  const std::vector<runtime::StoreItem> items = co_await store->search(std::move(below));
  std::vector<Document> documents = documents_from(items);
  rank(documents, words_of(runtime::find_text(arguments, "question").value_or("")));
  std::vector<FgaCheck> checks;
  for (const Document& document : documents) checks.push_back({*user, "can_view", document.object});
  const std::vector<bool> allowed = co_await fga->allowed(std::move(checks));
  std::string text;
  std::size_t told = 0;
  for (std::size_t i = 0; i < documents.size() && told < kDocumentsMax; ++i) {
    if (!allowed[i]) continue;
    text += (told == 0 ? "" : "\n\n") + shortened(documents[i].text, kToldMax);
    ++told;
  }
  if (told == 0) co_return "No document was found that answers this and that the user may read.";
  co_return text;
}

}  // namespace

ToolPointer get_context_documents_tool(std::shared_ptr<Fga> fga, runtime::StoreNamespace name_space) {
  json::object question = described(runtime::schema::text(), "What the documents shall answer, in full words.");
  ToolDeclaration declaration{"get_context_documents",
                              "Finds documents of the knowledge base that the user may read and that have to do with a "
                              "question, and returns their texts. Use it for questions about documents.",
                              parameters({{"question", std::move(question)}})};
  auto body = [fga = std::move(fga), name_space = std::move(name_space)](ToolContext& context, json::object arguments) {
    return find_documents(fga, name_space, context, std::move(arguments));
  };
  return make_waiting_tool(std::move(declaration), std::move(body));
}

}  // namespace heddle::graphs
