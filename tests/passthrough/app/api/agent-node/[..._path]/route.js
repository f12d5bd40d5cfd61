import { initApiPassthrough } from "langgraph-nextjs-api-passthrough";

export const runtime = "nodejs";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = initApiPassthrough({
  apiUrl: process.env.HEDDLE_AGENT_URL,
  runtime: "nodejs",
  baseRoute: "agent-node",
  disableWarningLog: true,
});
