import { initApiPassthrough } from "langgraph-nextjs-api-passthrough";

export const runtime = "nodejs";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = initApiPassthrough({
  apiUrl: process.env.LANGGRAPH_API_URL,
  runtime: "nodejs",
  baseRoute: "node",
  disableWarningLog: true,
});
