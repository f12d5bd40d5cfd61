// The page's way to the LangGraph server. Tokens are added here, on the server, so the browser never has them.
import { initApiPassthrough } from "langgraph-nextjs-api-passthrough";
import { NextResponse, type NextRequest } from "next/server";
import { auth0 } from "@/lib/auth0";
import { currentIdentity, type Identity } from "@/lib/identity";
import { apiKey, apiUrl, vaultGeneration } from "@/lib/settings";

export const runtime = "nodejs";
export const dynamic = "force-dynamic";

type Method = "GET" | "POST" | "PATCH" | "DELETE";
type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const objectIn = (parent: Json, key: string): Json => (isObject(parent[key]) ? parent[key] : {});

/** The request's path on the LangGraph server: "/threads/…". */
const serverPath = (request: NextRequest) => request.nextUrl.pathname.replace(/^\/api\/chat/, "");

/** A server that knows who is calling needs nothing else. */
const sendsAccessToken = () => auth0() !== null && vaultGeneration() === "token_vault";

// Generation "token_vault": the access token goes with every request, the server verifies it.
async function headers(): Promise<Record<string, string>> {
  const login = sendsAccessToken() ? auth0() : null;
  if (!login) return {};
  const { token } = await login.getAccessToken();
  return { Authorization: `Bearer ${token}` };
}

// Generation "federated": the refresh token goes with each run, the server exchanges it and does not keep it.
// null without one: a run that names no credentials is taken up again after a restart of the server.
async function credentials(): Promise<Json | null> {
  const session = await auth0()?.getSession();
  const refreshToken = session?.tokenSet.refreshToken;
  return refreshToken ? { refreshToken } : null;
}

async function bodyFor(identity: Identity, request: NextRequest, sent: unknown): Promise<unknown> {
  if (request.method !== "POST" || !isObject(sent) || sendsAccessToken()) return sent;
  const path = serverPath(request);
  if (path === "/threads" || path === "/threads/search") {
    return { ...sent, metadata: { ...objectIn(sent, "metadata"), owner: identity.id } };
  }
  if (path.endsWith("/runs/stream")) {
    const config = objectIn(sent, "config");
    const { _credentials: _, ...configurable } = objectIn(config, "configurable");
    const own = await credentials();
    return { ...sent, config: { ...config, configurable: own ? { ...configurable, _credentials: own } : configurable } };
  }
  return sent;
}

async function forward(method: Method, request: NextRequest): Promise<Response> {
  // The page talks to its threads and their runs, and to nothing else. A run without a thread, or one that is not
  // streamed, would go without credentials.
  if (!/^\/threads(\/|$)/.test(serverPath(request))) {
    return NextResponse.json({ detail: "only /threads is forwarded" }, { status: 404 });
  }
  const identity = await currentIdentity();
  if (!identity) return NextResponse.json({ detail: "nobody is logged in; log in again" }, { status: 401 });
  let added: Record<string, string>;
  try {
    added = await headers();
  } catch {
    return NextResponse.json({ detail: "the session has no valid access token; log in again" }, { status: 401 });
  }
  const handlers = initApiPassthrough({
    apiUrl: apiUrl(),
    apiKey: apiKey(),
    runtime: "nodejs",
    baseRoute: "chat",
    disableWarningLog: true,
    headers: () => added,
    bodyParameters: (incoming: NextRequest, body: unknown) => bodyFor(identity, incoming, body),
  });
  return handlers[method](request);
}

export const GET = (request: NextRequest) => forward("GET", request);
export const POST = (request: NextRequest) => forward("POST", request);
export const PATCH = (request: NextRequest) => forward("PATCH", request);
export const DELETE = (request: NextRequest) => forward("DELETE", request);
