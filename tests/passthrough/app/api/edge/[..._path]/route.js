// As the package's manual has it: its default runtime.
import { initApiPassthrough } from "langgraph-nextjs-api-passthrough";

export const runtime = "edge";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = initApiPassthrough({
  apiUrl: process.env.LANGGRAPH_API_URL,
  runtime: "edge",
  baseRoute: "edge",
  disableWarningLog: true,
});
