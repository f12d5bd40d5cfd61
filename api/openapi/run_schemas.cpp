// Runs (http-api.md 3.8, 8 and 9).

#include <boost/json/array.hpp>

#include "api/openapi/resources.h"

namespace heddle::api::openapi {
namespace {

Schema run_status() {
  return word({"pending", "running", "success", "error", "interrupted", "timeout"});
}

Schema strategy() {
  return word({"reject", "rollback", "interrupt", "enqueue"});
}

Schema stream_mode() {
  return word({"values", "messages", "messages-tuple", "updates", "events", "tasks", "checkpoints", "debug", "custom",
               "tools"});
}

Schema breakpoints(std::string_view sentence) {
  return said(any_of({word({"*"}), list_of(text())}), sentence);
}

Schema command() {
  const Schema send = request({required("node", text()), optional("input", anything())});
  const Schema target = any_of({text(), send});
  Schema pair = list_of(anything(), 2);
  pair["prefixItems"] = boost::json::array{text(), anything()};
  pair["maxItems"] = 2;
  // An answer whose keys are all ids of interrupts answers each of them.
  return said(request({optional("resume", said(anything(),
                                               "The answer to the interrupt that waits, or one for each "
                                               "by its id.")),
                       optional("update", said(any_of({free_object(), list_of(pair)}),
                                               "Of the state, before going "
                                               "on.")),
                       optional("goto", said(any_of({text(), send, list_of(target)}), "Where to go on."))}),
              "Takes the place of `input`.");
}

// Of a run a checkpoint that does not exist is no mistake, so its id may be any text.
Schema start_checkpoint() {
  return request({optional("thread_id", anything()), optional("checkpoint_ns", text()),
                  optional("checkpoint_id", text()), optional("checkpoint_map", free_object())});
}

std::vector<Member> run_create_members() {
  return {
      required("assistant_id", said(text(), "Its id, or the id of a graph.")),
      optional("input", said(anything(), "None: go on from where the thread stands.")),
      optional("command", ref("Command")),
      optional("metadata", free_object()),
      optional("config", ref("ConfigGiven")),
      optional("context", said(anything(), "Static data for the nodes, laid over that of the assistant.")),
      optional("checkpoint_id", said(text(), "Start from this checkpoint.")),
      optional("checkpoint", start_checkpoint()),
      optional("stream_mode", by_default(any_of({stream_mode(), list_of(stream_mode())}), "values")),
      optional("stream_subgraphs", by_default(said(truth(), "Events of subgraphs, too."), false)),
      optional("stream_resumable", by_default(said(truth(), "Every stream can be taken up again."), false)),
      optional("interrupt_before", breakpoints("Stop before these nodes.")),
      optional("interrupt_after", breakpoints("Stop after these nodes.")),
      optional("multitask_strategy", said(strategy(), "What if the thread is busy.")),
      optional("if_not_exists",
               by_default(said(word({"reject", "create"}), "What if there is no such thread."), "reject")),
      optional("on_completion", by_default(said(word({"delete", "keep", "complete", "continue"}),
                                                "Of a thread that was made for the run."),
                                           "delete")),
      optional("on_disconnect",
               by_default(said(word({"cancel", "continue"}), "What if the client goes away."), "continue")),
      optional("after_seconds", by_default(said(Schema{{"type", "number"}, {"minimum", 0}, {"maximum", 315'360'000}},
                                                "Do not start before."),
                                           0)),
      optional("webhook", said(text_up_to(65536), "Called when the run has ended.")),
      optional("feedback_keys", list_of(text())),
      optional("durability",
               by_default(said(word({"sync", "async", "exit"}), "When checkpoints are written."), "async")),
      optional("checkpoint_during", said(truth(), "Old form of `durability`: false means `exit`.")),
      optional("strict_resume",
               by_default(said(truth(), "Refuse a resume for an interrupt that does not wait."), false)),
  };
}

Schema run() {
  std::vector<Member> members = {required("run_id", uuid()),
                                 required("thread_id", uuid()),
                                 required("assistant_id", uuid()),
                                 required("created_at", time()),
                                 required("updated_at", time()),
                                 required("status", run_status()),
                                 required("metadata", free_object()),
                                 required("kwargs", said(free_object(), "The request, without secrets.")),
                                 required("multitask_strategy", strategy()),
                                 optional("cancel_reason", said(text(), "Of one that was cancelled."))};
  return said(answer(std::move(members)), "One execution of a graph.");
}

Schema part_of_run() {
  Schema part = run();
  part.stable_erase("required");
  part.stable_erase("description");
  return part;
}

std::vector<NamedSchema> schemas() {
  return {
      {"RunCreate", request(run_create_members())},
      {"RunBatch", said(list_of(ref("RunCreate"), 1), "All are made, or none.")},
      {"Command", command()},
      {"RunsCancel", any_of({request({required("status", word({"pending", "running", "all"})),
                                      optional("thread_id", nothing()), optional("run_ids", nothing())}),
                             request({required("thread_id", uuid()), required("run_ids", list_of(uuid())),
                                      optional("status", nothing())})})},
      {"Run", run()},
      {"Runs", list_of(ref("Run"))},
      {"FoundRuns", list_of(part_of_run())},
      {"RunResult",
       said(open(answer({optional("__interrupt__", list_of(ref("Interrupt"))),
                         optional("__error__", answer({required("error", text()), required("message", text())}))})),
            "The state at the end, or `__interrupt__`, or `__error__`.")},
  };
}

}  // namespace

Resource run_resource() {
  Resource runs;
  runs.schemas = schemas();
  runs.parameters = {
      {"status", run_status()},
      {"metadata", said(text(), "JSON that must be contained in the metadata.")},
      {"stream_mode", said(list_of(stream_mode()), "Only these events.")},
      {"cancel_on_disconnect", said(by_default(truth(), false), "Whether the run ends when the client goes away.")},
      {"wait", said(by_default(truth(), false), "Whether to answer only when the run has ended.")},
      {"action", by_default(word({"interrupt", "rollback"}), "interrupt")},
      {"reason", said(text_up_to(256),
                      "Why the run is cancelled, in at most 256 bytes: its `cancel_reason` afterwards. Only with "
                      "`action=interrupt`. `taken`: its input was taken over elsewhere.")},
  };
  const std::string_view no_assistant =
      "No assistant found for \"<id>\". Make sure the assistant ID is for a valid assistant or a valid graph ID.";
  const std::string_view busy =
      "Thread is already running a task. Wait for it to finish or choose a different multitask strategy.";
  const std::string_view full = "Too many runs are waiting. Try again later.";
  const std::vector<Outcome> creation{
      {404, no_assistant}, {404, "Thread not found"}, {kStatusOfBusy, busy}, {503, full}};
  const std::vector<Outcome> unknown{{404, "Thread with ID <id> not found"}, {404, "Run not found"}};
  const std::string_view example = R"({"assistant_id":"agent","input":{"messages":[{"role":"user","content":"Hi"}]}})";
  const std::string_view streamed =
      R"({"assistant_id":"agent","input":{"messages":[{"role":"user","content":"Hi"}]},"stream_mode":["messages-tuple"]})";
  runs.operations = {
      {"create_run", "Start a run", "Answers at once; follow it with `join` or `stream`.", creation, example},
      {"stream_run", "Start a run and stream its events", "", creation, streamed},
      {"wait_run", "Start a run and wait for its end", "Line breaks come until the answer does.", creation, example},
      {"create_stateless_run", "Start a run on a thread of its own", "", creation, example},
      {"stream_stateless_run", "Start a run on a thread of its own and stream it", "", creation, streamed},
      {"wait_stateless_run", "Start a run on a thread of its own and wait for its end", "", creation, example},
      {"create_runs",
       "Start many runs on threads of their own",
       "",
       {{404, no_assistant}, {503, full}},
       R"([{"assistant_id":"agent","input":{"messages":[]}}])"},
      {"cancel_runs",
       "Cancel many runs",
       "Either by `status`, or by `thread_id` and `run_ids`.",
       {{404, "Run not found"}},
       R"({"status":"pending"})"},
      {"list_runs", "List the runs of a thread, newest first", "", {{404, "Thread with ID <id> not found"}}},
      {"get_run", "Get a run", "", unknown},
      {"delete_run",
       "Delete a run",
       "With its events and checkpoints; one in flight is stopped.",
       {{404, "Thread with ID <id> not found"},
        {404, "Run not found"},
        {409, "Run <id> of the thread is in flight and goes on from what this run has left."}}},
      {"join_run", "Wait for the end of a run", "Line breaks come until the answer does.", unknown},
      {"join_stream", "Stream the events of a run",
       "From the first, or after the one that `Last-Event-ID` names; also when the run has ended.", unknown},
      {"join_stateless_stream", "Stream the events of a run without naming its thread", "", {{404, "Run not found"}}},
      {"cancel_run", "Cancel a run", "A finished one is left alone.", unknown},
  };
  return runs;
}

}  // namespace heddle::api::openapi
