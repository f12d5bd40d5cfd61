// Protocols of other programs that call assistants: MCP and A2A (http-api.md 14 and 15).

#include "api/openapi/resources.h"

namespace heddle::api::openapi {

Resource protocol_resource() {
  Resource protocols;
  protocols.schemas = {
      {"RpcCall", said(request({required("jsonrpc", word({"2.0"})), required("method", text()),
                                optional("id", said(any_of({text(), Schema{{"type", "number"}}}),
                                                    "Comes back in the answer. Without it no answer is wanted.")),
                                optional("params", free_object())}),
                       "A call by JSON-RPC 2.0.")},
      {"RpcAnswer",
       said(answer({required("jsonrpc", word({"2.0"})), required("id", anything()), optional("result", anything()),
                    optional("error",
                             answer({required("code", Schema{{"type", "integer"}}), required("message", text())}))}),
            "Either `result` or `error`.")},
      {"AgentCard",
       said(open(answer({required("protocolVersion", text()), required("name", text()), required("description", text()),
                         required("url", said(text(), "Where to send messages.")),
                         required("preferredTransport", word({"JSONRPC"})), required("version", text()),
                         required("capabilities", map_of(truth())), required("defaultInputModes", list_of(text())),
                         required("defaultOutputModes", list_of(text())), required("skills", list_of(free_object()))})),
            "What other agents are told about an assistant.")},
  };
  protocols.parameters = {
      {"assistant_id", said(text(), "The id of an assistant, or the id of its graph.")},
  };
  const std::string_view no_accept = "Accept must name both application/json and text/event-stream";
  const std::vector<Outcome> unknown{{404, "Assistant not found"}};
  protocols.operations = {
      {"call_mcp",
       "Call by the Model Context Protocol",
       "`initialize`, `ping`, `tools/list`, `tools/call`: each assistant is a tool, a call is a run on a thread of its "
       "own. Line breaks come until the answer does. There are no sessions.",
       {{202, "Nothing is answered to a notification"}, {400, no_accept}},
       R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})"},
      {"refuse_mcp_stream",
       "Not offered: messages of the server by MCP",
       "This server has none of its own.",
       {{405, "This server sends no messages of its own; call it with POST."}}},
      {"call_a2a",
       "Call an assistant by the A2A protocol",
       "`message/send`, `message/stream` (answers with events, each of them an answer), `tasks/get`, `tasks/cancel`. A "
       "task is a run, its context the run's thread.",
       {{202, "Nothing is answered to a notification"}, {404, "Assistant not found"}},
       R"({"jsonrpc":"2.0","id":1,"method":"message/send",)"
       R"("params":{"message":{"role":"user","messageId":"m1","parts":[{"kind":"text","text":"Hi"}]}}})"},
      {"get_agent_card", "Tell other agents about an assistant", "", unknown},
      {"find_agent_card", "Tell other agents about the assistant that the query names", "", unknown},
  };
  return protocols;
}

}  // namespace heddle::api::openapi
