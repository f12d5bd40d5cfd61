import { initApiPassthrough } from "langgraph-nextjs-api-passthrough";

export const runtime = "edge";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = initApiPassthrough({
  apiUrl: process.env.HEDDLE_AGENT_URL,
  runtime: "edge",
  baseRoute: "agent-edge",
  disableWarningLog: true,
});
