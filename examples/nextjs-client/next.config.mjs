import { fileURLToPath } from "node:url";

/** @type {import("next").NextConfig} */
export default {
  // A compressed event stream would be held back until its buffer is full.
  compress: false,
  poweredByHeader: false,
  // Other lockfiles further up are none of our business.
  outputFileTracingRoot: fileURLToPath(new URL(".", import.meta.url)),
  async headers() {
    return [
      {
        source: "/:path*",
        headers: [
          { key: "X-Content-Type-Options", value: "nosniff" },
          { key: "Referrer-Policy", value: "same-origin" },
          { key: "Content-Security-Policy", value: "frame-ancestors 'none'; base-uri 'self'; object-src 'none'" },
        ],
      },
    ];
  },
};
