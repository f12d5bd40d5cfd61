import { fileURLToPath } from "node:url";

/** @type {import("next").NextConfig} */
export default {
  // A server in development writes to the folder that it reads; it must not be that of the build.
  distDir: process.env.NEXT_DIST_DIR ?? ".next/production",
  // Other lockfiles further up are none of our business.
  outputFileTracingRoot: fileURLToPath(new URL(".", import.meta.url)),
};
