// What a login does on every request: it renews the session cookie. Next.js hands the cookie on to the route in the
// internal header x-middleware-set-cookie, and the passthrough hands that on to the server. The size is the test's.
import { NextResponse } from "next/server";

export function middleware(request) {
  const response = NextResponse.next();
  const bytes = Number(request.headers.get("test-cookie-bytes") ?? 0);
  if (bytes > 0) response.cookies.set("__session", "s".repeat(bytes), { path: "/", httpOnly: true, sameSite: "lax" });
  return response;
}

export const config = { matcher: "/api/:path*" };
