// As in the Auth0 sample: the refresh token of the session goes into the body of a streamed run. Here it is a header
// of the request, so that a test can choose it. The address ends in a slash, as people write it.
import { initApiPassthrough } from "langgraph-nextjs-api-passthrough";

export const runtime = "nodejs";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = initApiPassthrough({
  apiUrl: `${process.env.LANGGRAPH_API_URL}/`,
  runtime: "nodejs",
  baseRoute: "sample",
  disableWarningLog: true,
  bodyParameters: (request, body) => {
    if (request.method !== "POST" || !request.nextUrl.pathname.endsWith("/runs/stream")) return body;
    const refreshToken = request.headers.get("test-refresh-token") ?? undefined;
    return { ...body, config: { configurable: { _credentials: { refreshToken } } } };
  },
});
