import { NextResponse, type NextRequest } from "next/server";
import { auth0 } from "@/lib/auth0";
import { localIdentityCookie, makeLocalIdentity, readLocalIdentity, writeLocalIdentity } from "@/lib/local-identity";

// With Auth0: its routes under /auth/, and a session that is kept fresh. Without: everybody gets a local identity.
export async function middleware(request: NextRequest) {
  const login = auth0();
  return login ? login.middleware(request) : withLocalIdentity(request);
}

function withLocalIdentity(request: NextRequest) {
  if (readLocalIdentity(request.cookies.get(localIdentityCookie)?.value)) return NextResponse.next();
  const cookie = writeLocalIdentity(makeLocalIdentity());
  // In the request too, so that the very first page knows it.
  request.cookies.set(localIdentityCookie, cookie);
  const response = NextResponse.next({ request: { headers: request.headers } });
  response.cookies.set(localIdentityCookie, cookie, {
    httpOnly: true,
    sameSite: "lax",
    path: "/",
    maxAge: 365 * 24 * 60 * 60, // seconds
  });
  return response;
}

export const config = {
  runtime: "nodejs",
  // Not the API: it reads the identity itself. And Next.js would hand it the renewed session cookie in a header that the
  // passthrough forwards to the LangGraph server.
  matcher: ["/((?!api/|_next/static|_next/image|icon.svg).*)"],
};
