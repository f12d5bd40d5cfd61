// Crons (http-api.md 12).

#include <algorithm>

#include "api/openapi/resources.h"

namespace heddle::api::openapi {
namespace {

// What a cron says about its runs is what a run says about itself.
Schema of_run(std::string_view member) {
  static const Resource runs = run_resource();
  const auto found = std::ranges::find(runs.schemas, "RunCreate", &NamedSchema::name);
  return found->schema.at("properties").at(member).as_object();
}

std::vector<Member> given_members() {
  std::vector<Member> members = {
      optional("assistant_id", said(text(), "Its id, or the id of a graph.")),
      optional("schedule", said(text(), "Five fields, or six with seconds in front.")),
      optional("timezone", said(text(), "IANA name; none means UTC.")),
      optional("end_time", said(time(), "No run after it.")),
      optional("enabled", said(truth(), "One that is not does not fire.")),
      optional("on_run_completed", said(word({"delete", "keep"}), "Of the thread that was made for a run.")),
  };
  for (const std::string_view member : {"input", "config", "context", "metadata", "webhook", "interrupt_before",
                                        "interrupt_after", "stream_mode", "stream_subgraphs", "stream_resumable",
                                        "durability", "checkpoint_during", "multitask_strategy", "if_not_exists"}) {
    members.push_back(optional(member, of_run(member)));
  }
  return members;
}

Schema cron_create() {
  std::vector<Member> members = given_members();
  for (Member& member : members) member.is_required = member.name == "assistant_id" || member.name == "schedule";
  return request(std::move(members));
}

std::vector<Member> cron_members() {
  return {
      required("cron_id", uuid()),
      required("assistant_id", uuid()),
      required("thread_id", said(or_null(uuid()), "Null: each run gets a thread of its own.")),
      required("on_run_completed", or_null(word({"delete", "keep"}))),
      required("schedule", text()),
      required("timezone", or_null(text())),
      required("end_time", or_null(time())),
      required("enabled", truth()),
      required("next_run_date", said(or_null(time()), "Null when it does not fire any more.")),
      required("payload", said(free_object(), "What the runs get.")),
      required("metadata", free_object()),
      required("user_id", or_null(text())),
      required("created_at", time()),
      required("updated_at", time()),
  };
}

Schema found_cron() {
  std::vector<Member> members = cron_members();
  for (Member& member : members) member.is_required = false;
  members.push_back(optional("now", said(time(), "The server's time, if it was selected.")));
  return answer(std::move(members));
}

std::vector<Member> filter_members() {
  return {
      optional("assistant_id", said(text(), "Its id, or the id of a graph.")),
      optional("thread_id", uuid()),
      optional("enabled", truth()),
      optional("metadata", said(free_object(), "Must be contained in that of the cron.")),
  };
}

Schema cron_search() {
  std::vector<Member> members = filter_members();
  members.push_back(optional("limit", by_default(whole(1, 1000), 10)));
  members.push_back(optional("offset", by_default(whole(0), 0)));
  members.push_back(optional("sort_by", by_default(word({"cron_id", "assistant_id", "thread_id", "next_run_date",
                                                         "end_time", "created_at", "updated_at"}),
                                                   "created_at")));
  members.push_back(optional("sort_order", by_default(word({"asc", "desc"}), "desc")));
  members.push_back(optional("select", said(list_of(text()), "Only these keys.")));
  return request(std::move(members));
}

}  // namespace

Resource cron_resource() {
  Resource crons;
  crons.schemas = {
      {"CronCreate", cron_create()},
      {"CronPatch", request(given_members())},
      {"CronSearch", cron_search()},
      {"CronCount", request(filter_members())},
      {"Cron", said(answer(cron_members()), "Starts runs when their time has come.")},
      {"FoundCrons", list_of(found_cron())},
  };
  const std::string_view no_assistant =
      "No assistant found for \"<id>\". Make sure the assistant ID is for a valid assistant or a valid graph ID.";
  const Outcome unusable{422, "What is wrong with `schedule`, `timezone` or `end_time`"};
  const std::vector<Outcome> unknown{{404, "Cron with ID <id> not found"}};
  const std::string_view example = R"({"assistant_id":"agent","schedule":"0 8 * * 1-5","timezone":"Europe/Berlin"})";
  crons.operations = {
      {"create_cron",
       "Start runs by a schedule",
       "Each on a thread of its own.",
       {{404, no_assistant}, unusable},
       example},
      {"create_thread_cron",
       "Start runs of a thread by a schedule",
       "",
       {{404, no_assistant}, {404, "Thread not found"}, unusable},
       example},
      {"search_crons",
       "Search crons",
       "`X-Pagination-Total` tells how many match, `X-Pagination-Next` where the next page begins.",
       {},
       R"({"enabled":true})"},
      {"count_crons", "Count crons", "", {}, "{}"},
      {"get_cron", "Get a cron", "", unknown},
      {"patch_cron",
       "Change a cron",
       "`metadata` is merged, everything else replaced; `end_time: null` takes the end away.",
       {{404, "Cron with ID <id> not found"}, {404, no_assistant}, unusable},
       R"({"enabled":false})"},
      {"delete_cron", "Delete a cron", "Runs that it has started go on.", unknown},
  };
  return crons;
}

}  // namespace heddle::api::openapi
